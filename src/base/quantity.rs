//! Quantities: `100m`, `1.5Gi`, `2e3`; read, compared, added and printed in canonical form.
