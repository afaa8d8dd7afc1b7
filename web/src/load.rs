//! The load that is drawn by hand: a curve of nine points over some minutes, and the commands that send it. There is nothing
//! of the web in here.

use kubottle::view::topology::Topology;

/// The points of a curve.
pub const POINTS: usize = 9;
/// The file the curve is written to.
const FILE: &str = "load.csv";

/// A curve and where it goes.
#[derive(Clone, PartialEq, Debug)]
pub struct LoadCurve {
    /// `svc/NAME -n NAMESPACE`; empty for what fits what is shown.
    pub target: String,
    /// Requests a second at the upper edge.
    pub most: u32,
    /// How long it takes, in seconds.
    pub for_s: u32,
    /// Shares of `most`.
    pub points: [f32; POINTS],
    /// When it was begun, in milliseconds of the cluster, while it runs.
    pub began_ms: Option<u64>,
}

impl Default for LoadCurve {
    fn default() -> LoadCurve {
        let points = [0.0, 0.1, 0.6, 0.6, 0.6, 0.2, 0.0, 0.0, 0.0];
        LoadCurve { target: String::new(), most: 100, for_s: 600, points, began_ms: None }
    }
}

/// Curves to begin with.
pub const PRESETS: [(&str, [f32; POINTS]); 4] = [
    ("constant", [0.5; POINTS]),
    ("ramp", [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0]),
    ("spike", [0.05, 0.05, 0.05, 0.05, 0.9, 0.9, 0.05, 0.05, 0.05]),
    ("wave", [0.4, 0.75, 0.4, 0.05, 0.4, 0.75, 0.4, 0.05, 0.4]),
];

impl LoadCurve {
    /// How far it has come, in seconds; nothing where it does not run.
    pub fn elapsed_s(&self, now_ms: u64) -> Option<f64> {
        let elapsed = now_ms.checked_sub(self.began_ms?)? as f64 / 1000.0;
        (elapsed < f64::from(self.for_s)).then_some(elapsed)
    }

    fn rate_at(&self, at_s: f64) -> f64 {
        let place = (at_s / f64::from(self.for_s)).clamp(0.0, 1.0) * (POINTS - 1) as f64;
        let (i, part) = (place.floor() as usize, place.fract());
        let (a, b) = (self.points[i], self.points[(i + 1).min(POINTS - 1)]);
        (f64::from(a) + f64::from(b - a) * part) * f64::from(self.most)
    }

    /// What is left of the curve after some seconds, as lines of seconds and requests a second.
    fn csv(&self, from_s: f64) -> String {
        let step_s = f64::from(self.for_s) / (POINTS - 1) as f64;
        let mut csv = format!("0,{:.2}\n", self.rate_at(from_s));
        for at_s in (1..POINTS).map(|i| i as f64 * step_s).filter(|at_s| *at_s > from_s) {
            csv.push_str(&format!("{:.1},{:.2}\n", at_s - from_s, self.rate_at(at_s)));
        }
        csv
    }

    /// The file to write and the commands to type so that it is sent from `from_s` on.
    pub fn commands(&self, from_s: f64) -> (&'static str, String, Vec<String>) {
        let left_s = (f64::from(self.for_s) - from_s).ceil().max(1.0);
        let target = self.target.split(' ').next().unwrap_or("");
        let stop = format!("load stop {target}");
        let start = format!("load {} --rps {} --for {left_s}s --shape {FILE}", self.target, self.most);
        (FILE, self.csv(from_s), if from_s > 0.0 { vec![stop, start] } else { vec![start] })
    }
}

/// What load can be sent to, that which reaches `workload` first.
pub fn targets(topology: &Topology, workload: &str) -> Vec<String> {
    let mut all: Vec<(bool, String)> = Vec::new();
    for service in topology.services.iter().filter(|s| !s.system) {
        let reaches = service.endpoints.iter().any(|endpoint| {
            topology
                .pods()
                .any(|pod| pod.namespace == service.namespace && pod.name == endpoint.pod && pod.workload == workload)
        });
        all.push((!reaches, format!("svc/{} -n {}", service.name, service.namespace)));
    }
    for ingress in &topology.ingresses {
        all.push((true, format!("ingress/{} -n {}", ingress.target.name, ingress.target.namespace)));
    }
    all.sort();
    all.into_iter().map(|(_, target)| target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_curve_goes_on_where_it_was() {
        let curve = LoadCurve { target: "svc/web -n shop".into(), points: PRESETS[1].1, ..LoadCurve::default() };
        assert_eq!(curve.csv(0.0).lines().count(), POINTS);
        let csv = curve.csv(300.0);
        assert!(csv.starts_with("0,50.00\n75.0,62.50\n"), "{csv}");
        assert!(csv.ends_with("300.0,100.00\n"), "{csv}");
        let (_, _, commands) = curve.commands(300.0);
        assert_eq!(commands, ["load stop svc/web", "load svc/web -n shop --rps 100 --for 300s --shape load.csv"]);
        assert_eq!(LoadCurve { began_ms: Some(5_000), ..curve }.elapsed_s(6_500), Some(1.5));
    }
}
