"""A hub on one machine: every user gets the drawing pad, and the course beside it.

    DIGITREC_HUB_PASSWORD=… jupyterhub -f deploy/jupyterhub/jupyterhub_config.py

README.md, beside this file, says what has to be installed first and what to change.
"""

import os
import resource
import shutil
import sys
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner

c = get_config()  # noqa: F821 - JupyterHub defines it

HERE = Path(__file__).resolve().parent
STATE = Path(os.environ.get("DIGITREC_HUB_FOLDER", "~/digitrec-hub")).expanduser().absolute()
STATE.mkdir(mode=0o700, parents=True, exist_ok=True)


class LimitedSpawner(SimpleLocalProcessSpawner):
    """Runs all servers as the user who started the hub, each in its own folder.

    Linux holds every process of a user to ``mem_limit``, each for itself.
    """

    def make_preexec_fn(self, name):
        """Return what the new process does first: enter the folder, and accept the limit."""
        enter = super().make_preexec_fn(name)
        limit = int(self.mem_limit or resource.RLIM_INFINITY)

        def prepare():
            enter()
            # macOS has no such limit on anything but a process's own heap, and ignores it.
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

        return prepare


# Anyone who knows the password may come in, under any name. Everything JupyterHub can do instead
# (accounts of this machine, of a school, of GitHub …) is set here and nowhere else.
password = os.environ.get("DIGITREC_HUB_PASSWORD", "")
if len(password) < 8:
    sys.exit("Set DIGITREC_HUB_PASSWORD to the password of the class, 8 characters at least.")
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = password
c.Authenticator.allow_all = True
# A name becomes a folder.
c.Authenticator.username_pattern = r"[a-z0-9][a-z0-9_-]{0,31}"

# What everybody gets: the pad first; the course is at /hub/user-redirect/lab/tree/.
c.JupyterHub.spawner_class = LimitedSpawner
c.SimpleLocalProcessSpawner.home_dir_template = str(STATE / "users" / "{username}")
c.Spawner.default_url = "/voila/render/06_drawing_pad.ipynb"
c.Spawner.cmd = [str(Path(sys.executable).parent / "jupyterhub-singleuser")]
c.Spawner.args = [f"--config={HERE / 'singleuser_config.py'}"]
if os.geteuid() == 0:
    c.Spawner.args.append("--allow-root")
c.Spawner.http_timeout = 120
c.Spawner.start_timeout = 120

# A pad needs 0.2 GB with its server, and 1.2 GB while it trains (benchmarks/binder.py). Spawners
# that can hold a user to a share of the processors do (systemd, Docker, Kubernetes); this one
# cannot, so trainings of all users wait for each other in one queue on this machine.
c.Spawner.mem_limit = "3G"
c.Spawner.cpu_limit = 2
c.Spawner.environment = {
    name: os.environ[name]
    for name in ("DIGITREC_QUEUE", "DIGITREC_TRAINING_MINUTES")
    if name in os.environ
}
c.JupyterHub.concurrent_spawn_limit = 10
c.JupyterHub.active_server_limit = int(os.environ.get("DIGITREC_HUB_SERVERS", "40"))

# A server that nobody has used for an hour is stopped. What was drawn, taught and trained is in
# the visitor's browser, and notebooks are on disk, so it comes back as it was.
idle = int(os.environ.get("DIGITREC_HUB_IDLE", "3600"))
c.JupyterHub.services = [
    {
        "name": "culler",
        "command": [
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            f"--timeout={idle}",
            f"--cull-every={max(1, min(300, idle // 4))}",
        ],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "services": ["culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
c.JupyterHub.last_activity_interval = max(1, min(300, idle // 4))

# All servers end with the hub; it remembers who was there.
c.JupyterHub.cleanup_servers = True
c.JupyterHub.db_url = f"sqlite:///{STATE / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
c.JupyterHub.bind_url = "http://127.0.0.1:8000"

# The proxy is a program for Node.js: on the PATH, or in this environment's own folder.
places = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
own = Path(sys.prefix) / "proxy" / "node_modules" / ".bin"
proxy = shutil.which("configurable-http-proxy", path=os.pathsep.join([places, str(own)]))
node = shutil.which("node", path=places)
if proxy is None or node is None:
    sys.exit(
        "The hub needs configurable-http-proxy and Node.js. With digitrec[hub] installed:\n"
        f"    {Path(sys.executable).parent / 'npm'} install --prefix {Path(sys.prefix) / 'proxy'} "
        "configurable-http-proxy"
    )
c.ConfigurableHTTPProxy.command = [node, str(Path(proxy).resolve())]
