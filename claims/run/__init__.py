"""Running trials: plan, worker, launcher."""
