"""Each line of what decides is changed in turn, and a test must notice: the areas, and what makes no difference."""
