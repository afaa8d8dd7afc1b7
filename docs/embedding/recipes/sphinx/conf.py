project = "Kubernetes by watching"
html_extra_path = ["site"]
