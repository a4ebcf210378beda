"""Theory against the experiment: the claims that ``closedloop validate`` decides."""
