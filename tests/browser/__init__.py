"""Tests in a real browser, which share a server and a Chromium."""
