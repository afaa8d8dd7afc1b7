//! The queue in front of a container: how many requests a second it serves, how long they take, what that costs.
//!
//! With `D` the CPU time of a request in seconds, `K` the CPUs the container may use, `L` the requests offered a second and `N`
//! the places in it (its workers), it is the queue M/M/m/N of the textbooks: `m` is the whole CPUs of `K`, at least 1, and `n`
//! requests are in it with the chance
//!
//! ```text
//! p(n) = p(n-1) L / (min(n, m) K / (D m))        p(0) + ... + p(N) = 1
//! ```
//!
//! One that finds all places taken fails: `L p(N)` a second. The others, `S = L (1 - p(N))`, are served and take
//! `D + Q / S`, where `Q` is how many wait on average: the sum of `(n - m) p(n)` for `n > m`. CPU is used for what is served,
//! `S D`. A limit on CPU is a smaller `K`: a request that finds quota runs at full speed, hence `D` and not `D m / K` in front.
//! Clients that ask again only after an answer (`C` of them, thinking `Z` seconds in between) offer `C / (Z + latency)`, and
//! never more than is served: nothing of theirs fails for want of CPU.

/// What becomes of requests at a container.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Served {
    /// Requests served a second.
    pub rate: f64,
    /// Requests a second that fail.
    pub failed: f64,
    /// CPUs used for them.
    pub cpu: f64,
    /// Seconds a request takes.
    pub latency_secs: f64,
    /// Requests being served or waiting at any moment.
    pub in_flight: f64,
}

/// Serves `offered` requests a second, each of `request_secs` of CPU, with `cpus` CPUs and `places` in line.
pub fn serve(offered: f64, request_secs: f64, cpus: f64, places: f64) -> Served {
    if offered <= 0.0 {
        return Served { latency_secs: request_secs, ..Served::default() };
    }
    if request_secs <= 0.0 {
        return Served { rate: offered, ..Served::default() };
    }
    let most = cpus.max(0.000_1) / request_secs;
    let (served, waiting) = match places > MOST_PLACES && offered >= most {
        // Nobody counts so many states: the line is full.
        true => (most, places - cpus),
        false => states(offered / most, cpus.max(1.0) as u32, places.clamp(1.0, MOST_PLACES) as u32, offered),
    };
    let latency = request_secs + waiting / served;
    Served {
        rate: served,
        failed: offered - served,
        cpu: served * request_secs,
        latency_secs: latency,
        in_flight: (served * latency).min(places),
    }
}

/// More places than this are not counted one by one.
const MOST_PLACES: f64 = 512.0;

/// What is served a second, and how many wait on average, by the chances of all states.
fn states(utilisation: f64, servers: u32, places: u32, offered: f64) -> (f64, f64) {
    let load = utilisation * f64::from(servers);
    let (mut chance, mut sum, mut waiting) = (1.0, 1.0, 0.0);
    for n in 1..=places.max(servers) {
        chance *= load / f64::from(n.min(servers));
        sum += chance;
        waiting += chance * f64::from(n.saturating_sub(servers));
        if chance > 1e100 {
            (chance, sum, waiting) = (1.0, sum / chance, waiting / chance);
        }
        if utilisation < 1.0 && n > servers && chance < sum * 1e-18 {
            chance = 0.0;
            break;
        }
    }
    (offered * (1.0 - chance / sum), waiting / sum)
}

/// Shares `cpus` among those who want some, by weight: nobody is given more than they want, and what one leaves the others
/// may take, as the kernel's fair scheduler does.
pub fn share(cpus: f64, wants: &[(f64, f64)]) -> Vec<f64> {
    let mut given = vec![0.0; wants.len()];
    let mut open: Vec<usize> = (0..wants.len()).filter(|i| wants[*i].0 > 0.0).collect();
    let mut left = cpus;
    while !open.is_empty() && left > 0.0 {
        let weight: f64 = open.iter().map(|i| wants[*i].1).sum();
        let part = |i: usize| left * wants[i].1 / weight;
        let (content, hungry): (Vec<usize>, Vec<usize>) = open.iter().partition(|i| wants[**i].0 <= part(**i));
        if content.is_empty() {
            hungry.iter().for_each(|i| given[*i] = part(*i));
            break;
        }
        for i in &content {
            given[*i] = wants[*i].0;
        }
        left -= content.iter().map(|i| wants[*i].0).sum::<f64>();
        open = hungry;
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_waits_as_the_textbook_says() {
        // M/M/1: a request takes D / (1 - p) in all.
        let served = serve(5.0, 0.1, 1.0, 1e9);
        assert!((served.latency_secs - 0.2).abs() < 1e-12, "{served:?}");
        assert!((served.cpu - 0.5).abs() < 1e-12 && (served.in_flight - 1.0).abs() < 1e-12);
    }

    #[test]
    fn beyond_its_limit_a_container_serves_what_the_limit_allows() {
        let served = serve(100.0, 0.05, 0.5, 20.0);
        assert!((served.rate - 10.0).abs() < 1e-9 && (served.failed - 90.0).abs() < 1e-9, "{served:?}");
        // The one place that is free again goes to the next of ten at once: a ninth of a place is free on average.
        assert!(
            (served.cpu - 0.5).abs() < 1e-9 && (served.latency_secs - 0.05 - (19.0 - 1.0 / 9.0) / 10.0).abs() < 1e-9
        );
    }

    #[test]
    fn a_full_node_is_shared_by_weight_and_nothing_is_left_over() {
        assert_eq!(share(4.0, &[(1.0, 1.0), (5.0, 1.0), (5.0, 2.0)]), [1.0, 1.0, 2.0]);
        assert_eq!(share(4.0, &[(1.0, 1.0), (2.0, 9.0)]), [1.0, 2.0]);
    }
}
