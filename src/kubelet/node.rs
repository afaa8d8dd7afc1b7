//! What is common to the pods of a node: its addresses, its images and the queue of pulls.

use ecow::EcoString;

use crate::base::draw;
use crate::base::map::Map;
use crate::base::map::Set;
use crate::base::time::{SimTime, Span};
use crate::store::settings::{ip_number, ip_text};
use crate::store::View;
use crate::workload::images;

/// What is common to the pods of one node.
#[derive(Clone, Debug, Default)]
pub struct NodeRuntime {
    addresses: Map<u32, EcoString>,
    last_address: u32,
    /// The images it has, by reference in full, and the runtime's names for them.
    images: Map<EcoString, EcoString>,
    pulls_until: SimTime,
    pulls: u64,
    /// The pods bound by hand that it has taken.
    by_hand: Set<EcoString>,
}

/// One pull of an image.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pull {
    /// When the kubelet asked for it.
    pub asked: SimTime,
    /// When its turn came.
    pub begun: SimTime,
    /// When it is over.
    pub until: SimTime,
}

impl NodeRuntime {
    /// An address of the node's pod network for a pod; the one it has where it has one.
    ///
    /// Models the host-local IPAM plugin: addresses count up from the last one given, and round.
    pub fn take_address(&mut self, cidr: &str, uid: &EcoString) -> Option<String> {
        let (base, bits) = cidr.split_once('/')?;
        let (base, bits) = (ip_number(base)?, bits.parse::<u32>().ok()?);
        let size = 1_u32 << (32 - bits.min(30));
        let usable = size - 3;
        let first = 2;
        let start = if self.last_address < first { first } else { self.last_address + 1 };
        let candidates = (0..usable).map(|i| first + (start - first + i) % usable);
        let offset = candidates.into_iter().find(|offset| !self.addresses.contains_key(offset))?;
        self.addresses.insert(offset, uid.clone());
        self.last_address = offset;
        Some(ip_text(base + offset))
    }

    /// Gives the address of a pod back.
    pub fn release_address(&mut self, cidr: &str, ip: &str, uid: &EcoString) {
        let base = cidr.split_once('/').and_then(|(base, _)| ip_number(base));
        if let (Some(base), Some(ip)) = (base, ip_number(ip)) {
            let offset = ip.wrapping_sub(base);
            if self.addresses.get(&offset) == Some(uid) {
                self.addresses.remove(&offset);
            }
        }
    }

    /// Takes a pod that was bound by hand.
    pub fn admit(&mut self, uid: &EcoString) {
        self.by_hand.insert(uid.clone());
    }

    /// True for a pod bound by hand that it has taken.
    pub fn has_admitted(&self, uid: &str) -> bool {
        self.by_hand.contains(uid)
    }

    /// Forgets a pod that is gone.
    pub fn forget(&mut self, uid: &str) {
        self.by_hand.remove(uid);
    }

    /// True where the node has an image.
    pub fn has_image(&self, view: &View, reference: &str) -> bool {
        view.settings.images_present || self.images.contains_key(images::full_reference(reference).as_str())
    }

    /// How many images the node has.
    pub fn image_count(&self) -> usize {
        self.images.len()
    }

    /// The images the node has, by reference in full, with the runtime's names for them.
    pub fn images(&self) -> impl Iterator<Item = (&str, &str)> + '_ {
        self.images.iter().map(|(reference, id)| (reference.as_str(), id.as_str()))
    }

    /// The runtime's name for an image, which the node has from now on.
    pub fn add_image(&mut self, reference: &str) -> EcoString {
        let reference = EcoString::from(images::full_reference(reference));
        if let Some(id) = self.images.get(&reference) {
            return id.clone();
        }
        let id = ecow::eco_format!("sha256:{}", hex_digits(0, "image", &reference, 0));
        self.images.insert(reference, id.clone());
        id
    }

    /// Queues a pull: the kubelet pulls one image after the other. An image that is there is only compared.
    pub fn pull(&mut self, view: &View, node: &str, reference: &str, fixed: Option<Span>) -> Pull {
        const BYTES_PER_SECOND: u64 = 100_000_000;
        self.pulls += 1;
        let transfer = match view.settings.stand_in_runtime || self.has_image(view, reference) {
            true => 0,
            false => images::size(reference) * 1_000_000 / BYTES_PER_SECOND,
        };
        let jitter = draw::below(view.settings.seed, "pull", node, self.pulls, 60_000 + transfer / 5);
        let span = fixed.unwrap_or(Span(300_000 + transfer + jitter));
        let begun = self.pulls_until.max(view.now);
        let until = begun + span;
        self.pulls_until = until;
        Pull { asked: view.now, begun, until }
    }
}

/// 64 hexadecimal digits as runtimes name things.
pub(super) fn hex_digits(seed: u64, purpose: &str, subject: &str, number: u32) -> String {
    let word = |part: u64| draw::draw(seed, purpose, subject, u64::from(number) * 4 + part);
    format!("{:016x}{:016x}{:016x}{:016x}", word(0), word(1), word(2), word(3))
}
