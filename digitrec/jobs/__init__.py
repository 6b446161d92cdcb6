"""Training in a child process: ``job`` (the parent's side), ``child``, and their ``queue``."""

from digitrec.jobs.job import (
    AdaptationJob,
    EpochNetwork,
    Job,
    Point,
    Status,
    TrainingJob,
    most_seconds,
)

__all__ = ["AdaptationJob", "EpochNetwork", "Job", "Point", "Status", "TrainingJob", "most_seconds"]
