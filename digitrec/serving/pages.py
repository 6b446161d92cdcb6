"""What is served: the notebooks by name, and the browser extensions that they need."""

PAD = "06_drawing_pad.ipynb"
"""The notebook that is shown when no other is asked for."""

PAGES = (PAD, "02_inside_a_cnn.ipynb")
"""The notebooks that are served alive; the others can be read here, and tried in JupyterLab."""

EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
    "ipycanvas",
)
"""The browser extensions that the pages need; whatever else is installed stays out of them."""
