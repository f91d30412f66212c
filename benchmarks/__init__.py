"""What the platform costs, measured as ratios against something plain in the same run; `bin/bench` runs them."""
