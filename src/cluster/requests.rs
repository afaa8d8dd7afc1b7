//! Requests through the cluster's network: the one place where nodes, names and what containers answer come together.

use std::sync::Arc;

use super::World;
use crate::api::Object;
use crate::base::time::Span;
use crate::network::tools::{self, Output};
use crate::network::{self, HttpRequest, HttpResponse, Request, Source, Trace};

impl World {
    /// Sends a request, numbered by [`World::count_request`], and lets the nodes remember it.
    pub fn send(&mut self, request: &Request) -> Trace {
        let trace = network::request(&self.truth(), &self.network, request, &|pod, container, port, question| {
            self.answer(pod, container, port, question)
        });
        self.network.remember(&trace, self.now);
        self.write_access(&trace);
        self.keep_names(&trace.names);
        trace
    }

    pub(super) fn keep_names(&mut self, names: &[network::dns_cache::Question]) {
        if names.is_empty() {
            return;
        }
        let mut network = self.network.clone();
        network.keep_names(&self.truth(), names);
        self.network = network;
    }

    /// Runs a tool of the network (`curl`, `nslookup`, ...) at a place; none for what is no such tool. No time passes: how
    /// long the tool took stands in what it gives back.
    pub fn run_tool(&mut self, source: Source, name: &str, args: &[String]) -> Option<Output> {
        if !tools::TOOLS.contains(&name) {
            return None;
        }
        let n = self.count_request();
        let respond = |pod: &Object, container: &str, port: u16, question: &HttpRequest| {
            self.answer(pod, container, port, question)
        };
        let view = self.truth();
        let context = tools::Context { view: &view, state: &self.network, source, n, respond: &respond };
        let output = tools::run(&context, name, args)?;
        let names = output.names.iter().chain(output.traces.iter().flat_map(|trace| &trace.names));
        let names: Vec<_> = names.cloned().collect();
        for trace in &output.traces {
            self.network.remember(trace, self.now);
            self.write_access(trace);
        }
        self.keep_names(&names);
        Some(output)
    }

    /// Changes how often kube-proxy writes its rules at most.
    pub fn set_min_sync_period(&mut self, period: Span) {
        Arc::make_mut(&mut self.settings).min_sync_period = period;
    }

    /// Changes what kube-proxy balances with, on all nodes at once.
    pub fn set_proxy_mode(&mut self, mode: network::proxy::Mode) {
        self.network.mode = mode;
    }

    /// What a pod's containers answer on a port; nothing where none of them listens there now.
    pub(super) fn answer(
        &self,
        pod: &Object,
        container: &str,
        port: u16,
        question: &HttpRequest,
    ) -> Option<HttpResponse> {
        let runtime = self.pod_runtime(pod.uid())?;
        super::outside::answer(&self.truth(), runtime, &self.volumes, (pod, container, port), question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Settings;

    fn run(world: &mut World, source: &Source, line: &str) -> (String, i32) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let output = world.run_tool(source.clone(), &words[0], &words[1..]).expect("a tool of the network");
        (output.stdout + &output.stderr, output.exit_code)
    }

    #[test]
    fn a_new_cluster_answers_to_its_own_names() {
        let mut world = World::new(Settings::default());
        let dns = world.store().list("Pod", "kube-system").next().expect("a DNS pod runs").key();
        let inside = Source::Pod(dns);
        let node = Source::Node("node-2".to_owned());
        let (text, code) = run(&mut world, &node, "curl -sk https://10.96.0.1/version");
        assert!(code == 0 && text.contains("v1.36"), "{text}");
        let (text, code) = run(&mut world, &node, "curl http://10.96.0.10:9153/");
        assert_eq!(code, 0, "{text}");
        let (text, _) = run(&mut world, &inside, "nslookup kubernetes.default.svc.cluster.local 10.96.0.10");
        assert!(text.contains("Address: 10.96.0.1\n"), "{text}");
        let (text, _) = run(&mut world, &node, "iptables-save");
        assert!(text.contains(":KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]"), "{text}");
    }
}
