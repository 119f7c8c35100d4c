"""The benchmark of deciding: systems whose truth can be asked at will, arms that spend the same budget on them."""
