"""Learning in a child process: ``job`` (the parent's side), ``child``, and ``queue`` (whose turn it is)."""

from digitrec.jobs.job import AdaptationJob, EpochNetwork, Job, Point, Status, TrainingJob

__all__ = ["AdaptationJob", "EpochNetwork", "Job", "Point", "Status", "TrainingJob"]
