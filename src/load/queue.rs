//! The queue in front of a container: how many requests a second it serves, how long they take, what that costs.
//!
//! With `D` the CPU time of a request in seconds, `K` the CPUs the container may use and `L` the requests offered a second, the
//! utilisation is `p = L D / K`. Below 1 everything is served, and a request takes
//!
//! ```text
//! D + C(m, p m) / (K/D - L)        m = whole CPUs of K, at least 1
//! ```
//!
//! where `C` is Erlang's formula for the chance to wait with `m` servers (M/M/m). The wait is at most the time it takes to
//! serve all the places in line. From 1 on `K/D` requests are served a second, the line is full, and the rest fail. CPU is
//! used for what is served. A limit on CPU is a smaller `K`: a request that finds quota runs at full speed, hence `D` and not
//! `D/K` in front. Clients that ask again only after an answer (`N` of them, thinking `Z` seconds in between) offer
//! `N / (Z + latency)`, and never more than is served: nothing of theirs fails for want of CPU.

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
    let longest = request_secs + places / most;
    let (rate, latency) = if offered < most {
        let servers = cpus.max(1.0) as u32;
        let chance = waiting_chance(servers, offered / most);
        (offered, (request_secs + chance / (most - offered)).min(longest))
    } else {
        (most, longest)
    };
    Served {
        rate,
        failed: offered - rate,
        cpu: rate * request_secs,
        latency_secs: latency,
        in_flight: (rate * latency).min(places),
    }
}

/// Erlang's C formula: the chance that all of `servers` are busy at a utilisation below 1.
fn waiting_chance(servers: u32, utilisation: f64) -> f64 {
    let load = utilisation * f64::from(servers);
    let mut blocked = 1.0;
    for k in 1..=servers.min(256) {
        blocked = load * blocked / (f64::from(k) + load * blocked);
    }
    blocked / (1.0 - utilisation * (1.0 - blocked))
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
        assert_eq!((served.rate, served.failed), (10.0, 90.0));
        assert!((served.cpu - 0.5).abs() < 1e-12 && (served.latency_secs - 2.05).abs() < 1e-12);
    }

    #[test]
    fn a_full_node_is_shared_by_weight_and_nothing_is_left_over() {
        assert_eq!(share(4.0, &[(1.0, 1.0), (5.0, 1.0), (5.0, 2.0)]), [1.0, 1.0, 2.0]);
        assert_eq!(share(4.0, &[(1.0, 1.0), (2.0, 9.0)]), [1.0, 2.0]);
    }
}
