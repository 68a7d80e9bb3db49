"""What the papers' implementations share."""
