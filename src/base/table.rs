//! Text tables as kubectl prints them: columns padded to the widest cell and three spaces between.
