"""What advocates share and friends get: links, codes, share kit, friend page, and cutting the tie."""
