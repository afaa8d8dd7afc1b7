//! Brings what is shown up to date with the cluster, and only where it has changed.

use std::rc::Rc;

use kubottle::view::layout::layout;
use kubottle::view::scene::Density;
use kubottle::view::timeline::Window;
use kubottle::view::Target;

use crate::load::targets;
use crate::model::{ChartsView, Model};
use crate::msg::StageTab;
use crate::shared::Shared;

/// The inspector is written anew at most this often.
const INSPECT_EVERY_MS: f64 = 150.0;
/// What has an axis of time is drawn anew at most this often while the clock runs.
const TIMED_EVERY_MS: f64 = 60.0;
/// Rows of the event list; older events are a `kubectl get events` away.
const EVENT_ROWS: usize = 200;

/// Tells names apart, for the key of what was drawn last.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0u64, |sum, byte| u64::wrapping_add(u64::wrapping_mul(sum, 31), u64::from(byte))) << 20
}

impl Model {
    /// Brings what is shown up to date with the cluster.
    pub(crate) fn refresh(&mut self) {
        for (stream, text) in self.playground.take_output() {
            self.print(stream, text.strip_suffix('\n').unwrap_or(&text));
        }
        self.clock = self.playground.clock();
        self.looking_back = self.playground.looking_back();
        let revision = self.playground.revision();
        if revision != self.shown_revision {
            self.shown_revision = revision;
            self.stale = [true; 3];
            self.terminal.prompt = self.playground.prompt();
        }
        // Hundreds of pods: one thing a picture, so that none of them takes long.
        let crowded = self.playing && matches!(self.scene.density, Density::Dot | Density::Count);
        self.turn = (self.turn + 1) % self.stale.len();
        for part in 0..self.stale.len() {
            if self.stale[part] && (!crowded || part == self.turn) {
                self.stale[part] = false;
                self.refresh_part(part);
            }
        }
        self.refresh_timed();
        self.refresh_rules();
        self.refresh_inspector();
    }

    fn refresh_rules(&mut self) {
        self.mode = self.playground.proxy_mode();
        if self.stage != StageTab::Rules {
            return;
        }
        let first = self.topology.nodes.first().map(|n| n.name.clone()).unwrap_or_default();
        let known = self.topology.nodes.iter().any(|n| n.name == self.rules_node);
        let node = if known { self.rules_node.clone() } else { first };
        let key = (self.shown_revision, node, self.shown_request);
        if key == self.ruled || (self.playing && self.now_ms - self.timed_at_ms < INSPECT_EVERY_MS) {
            return;
        }
        let request = self.shown_request.and_then(|id| self.requests.iter().find(|r| r.id == id));
        self.rules.renew(self.playground.rules(&key.1, request));
        (self.ruled, self.timed_at_ms) = (key, self.now_ms);
    }

    fn refresh_part(&mut self, part: usize) {
        match part {
            0 => {
                if self.topology.renew(self.playground.topology()) {
                    self.draw();
                }
            }
            1 => self.list_events(),
            _ => {
                self.refresh_requests();
                self.list_files();
                self.happenings.renew(self.playground.happenings());
                self.branches.renew(self.playground.branches());
            }
        }
    }

    /// What has an axis of time moves on with it, by whole pixels and not in every picture.
    fn refresh_timed(&mut self) {
        if !matches!(self.stage, StageTab::Timeline | StageTab::Charts) || self.map_width == 0.0 {
            return;
        }
        let window = self.playground.window(self.span_ms);
        let pixel_ms = ((window.to_ms - window.from_ms) / self.map_width as u64).max(1);
        let time = ((window.now_ms / pixel_ms) << 32) ^ (window.to_ms / pixel_ms);
        let drawing = self.map_width as u64 ^ self.span_ms << 16 ^ u64::from(self.stage == StageTab::Charts) << 62;
        let key = (self.shown_revision ^ hash(&self.chart_of), time, drawing, self.show_system);
        if key == self.timed || (self.playing && self.now_ms - self.timed_at_ms < TIMED_EVERY_MS) {
            return;
        }
        (self.timed, self.timed_at_ms) = (key, self.now_ms);
        if self.stage == StageTab::Charts {
            return self.refresh_charts(window);
        }
        let scene = self.playground.timeline(self.map_width, self.span_ms, self.show_system);
        self.timeline.renew(scene);
    }

    fn refresh_charts(&mut self, window: Window) {
        let subjects = self.playground.chart_subjects();
        let known = subjects.iter().find(|name| **name == self.chart_of).or(subjects.first());
        let subject = known.cloned().unwrap_or_default();
        let charts = self.playground.charts(&subject, window).into_iter().map(Rc::new).collect();
        let targets = targets(&self.topology, &subject);
        if !targets.contains(&self.load.target) {
            self.load.target = targets.first().cloned().unwrap_or_default();
        }
        self.charts.renew(ChartsView { subjects, subject, charts, window, width: self.map_width, targets });
    }

    /// The event list, without the cluster's own where the map hides them too.
    pub(crate) fn list_events(&mut self) {
        self.events.renew(self.playground.events(EVENT_ROWS, self.show_system));
    }

    fn refresh_requests(&mut self) {
        let newest = self.requests.first().map(|r| r.id);
        let mut requests = self.playground.requests();
        requests.reverse();
        if self.requests.renew(requests) {
            let now_newest = self.requests.first().map(|r| r.id);
            if now_newest != newest {
                self.shown_request = now_newest;
            }
        }
    }

    pub(crate) fn inspector_is_stale(&self) -> bool {
        self.selected.is_some() && self.inspected != self.inspector_key()
    }

    /// What the inspector shows changes with the cluster, and its ages with each second.
    fn inspector_key(&self) -> (u64, Option<Target>) {
        (self.shown_revision.wrapping_mul(1 << 20).wrapping_add(self.clock.now_ms / 1000), self.selected.clone())
    }

    fn refresh_inspector(&mut self) {
        let key = self.inspector_key();
        if key == self.inspected {
            return;
        }
        let same_object = key.1 == self.inspected.1;
        if same_object && self.now_ms - self.inspected_at_ms < INSPECT_EVERY_MS && self.now_ms > 0.0 {
            return;
        }
        self.inspected_at_ms = self.now_ms;
        let found = key.1.as_ref().and_then(|target| self.playground.inspect(target));
        self.inspected = key;
        match (&mut self.inspector, found) {
            (Some(shown), Some(found)) => {
                shown.renew(found);
            }
            (shown, found) => *shown = found.map(Shared::new),
        }
    }

    pub(crate) fn draw(&mut self) {
        if self.map_width > 0.0 {
            let scene = match self.show_system {
                true => layout(&self.topology, self.map_width),
                false => layout(&self.topology.without_system(), self.map_width),
            };
            self.scene.renew(scene);
        }
    }
}
