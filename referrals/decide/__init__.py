"""Deciding who is credited: gathering what is known, the rules, the signals, the rows that say so."""
