def health_lines(h):
    return []
