//! The forms of names: what a DNS label, a DNS subdomain, a label value may look like, in upstream's words.
