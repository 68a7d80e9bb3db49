"""The doors: pytest (`conftest.py`, `test_claims.py`) and asv (`dashboard.py`)."""
