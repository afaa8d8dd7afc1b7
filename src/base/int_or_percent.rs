//! A count given as a number or as a percentage of another count, as `maxSurge` is.

/// A number, or a percentage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IntOrPercent {
    /// So many.
    Int(i64),
    /// So many hundredths of the whole.
    Percent(i64),
}

impl IntOrPercent {
    /// Reads `25%` or `3`; nothing else.
    pub fn parse(text: &str) -> Option<IntOrPercent> {
        match text.strip_suffix('%') {
            Some(number) => number.parse().ok().map(IntOrPercent::Percent),
            None => text.parse().ok().map(IntOrPercent::Int),
        }
    }

    /// The count out of `total`, a percentage rounded up or down.
    ///
    /// Models staging/src/k8s.io/apimachinery/pkg/util/intstr GetScaledValueFromIntOrPercent.
    pub fn of(self, total: i64, round_up: bool) -> i64 {
        match self {
            IntOrPercent::Int(n) => n,
            IntOrPercent::Percent(p) if round_up => (p * total + 99).div_euclid(100),
            IntOrPercent::Percent(p) => (p * total).div_euclid(100),
        }
    }
}
