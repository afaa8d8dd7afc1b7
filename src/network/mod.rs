//! L3: the network: names, Service rules and requests, each traced hop by hop.
