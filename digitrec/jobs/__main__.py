"""``python -m digitrec.jobs ORDER`` is the child of a job."""

import os
import sys

from digitrec.jobs.child import main

# Not by the long way out: TensorFlow takes half a second to tear itself down.
os._exit(main(sys.argv[1]))
