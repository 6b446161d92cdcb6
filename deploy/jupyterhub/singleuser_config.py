"""The Jupyter server of one user of a hub: Voila for the pad, JupyterLab for the course.

It is read when the server starts, so a user's folder is filled then, wherever the server runs.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from digitrec import resources
from digitrec.serving.pages import EXTENSIONS

c = get_config()  # noqa: F821 - Jupyter defines it

# Notebooks that a user has changed stay as they are; a notebook that was removed comes back.
folder = Path.home() / "digitrec"
folder.mkdir(parents=True, exist_ok=True)
for notebook in resources.notebooks().glob("*.ipynb"):
    if not (folder / notebook.name).exists():
        shutil.copy(notebook, folder)
c.ServerApp.root_dir = str(folder)

# The page as `digitrec dashboard` shows it.
c.VoilaConfiguration.template = "digitrec"
c.VoilaConfiguration.allow_template_override = "NO"
c.VoilaConfiguration.allow_theme_override = "NO"
c.VoilaConfiguration.strip_sources = True
c.VoilaConfiguration.extension_allowlist = list(EXTENSIONS)

# A kernel that no page is connected to goes after ten minutes. A page that is open keeps its own,
# until the hub stops the whole server.
c.MappingKernelManager.cull_idle_timeout = 600
c.MappingKernelManager.cull_interval = 60
c.MappingKernelManager.cull_connected = False

# A kernel that is ended while it trains cannot clear up; what it leaves goes with the server.
private = tempfile.mkdtemp(prefix="digitrec-")
atexit.register(shutil.rmtree, private, ignore_errors=True)
os.environ["TMPDIR"] = private

# Other users of the machine cannot listen to what somebody draws.
c.KernelManager.transport_encryption = "auto"
# JupyterLab asks nobody for news and newer versions.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.handlers.announcements.NeverCheckForUpdate"
