"""Tests of what a person meets, without a browser and in one."""
