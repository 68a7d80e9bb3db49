"""Reports: Markdown, figures and the asv exporter."""
