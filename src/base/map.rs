//! Ordered maps and sets that are persistent: a clone is a snapshot, costs nothing and shares all that is not changed later.
//!
//! They are balanced binary trees (AVL) and deliberately plain. A library's B-trees are quicker by a little and were tried
//! first: each kind of map cost thirteen kilobytes of WebAssembly, where this one costs two, and a snapshot kept whole leaves
//! of which one entry had changed. They never hash, and never depend on where something lies in memory.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::rc::Rc;

pub use super::set::Set;

type Link<K, V> = Option<Rc<Node<K, V>>>;

#[derive(Clone)]
struct Node<K, V> {
    key: K,
    value: V,
    left: Link<K, V>,
    right: Link<K, V>,
    height: u8,
}

/// A persistent map in the order of its keys.
pub struct Map<K, V> {
    root: Link<K, V>,
    length: u32,
}

impl<K, V> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Map { root: self.root.clone(), length: self.length }
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map { root: None, length: 0 }
    }
}

impl<K: std::fmt::Debug, V: std::fmt::Debug> std::fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K, V> Map<K, V> {
    /// An empty map.
    pub const fn new() -> Self {
        Map { root: None, length: 0 }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// True when there is no entry.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        let mut iter = Iter { waiting: Vec::new() };
        iter.descend(&self.root);
        iter
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The entry of the least key.
    pub fn get_min(&self) -> Option<(&K, &V)> {
        let mut node = self.root.as_deref()?;
        while let Some(left) = &node.left {
            node = left;
        }
        Some((&node.key, &node.value))
    }

    /// The entry of the greatest key.
    pub fn get_max(&self) -> Option<(&K, &V)> {
        let mut node = self.root.as_deref()?;
        while let Some(right) = &node.right {
            node = right;
        }
        Some((&node.key, &node.value))
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let mut link = &self.root;
        while let Some(node) = link {
            link = match key.cmp(node.key.borrow()) {
                Ordering::Less => &node.left,
                Ordering::Greater => &node.right,
                Ordering::Equal => return Some(&node.value),
            };
        }
        None
    }

    /// True when there is an entry of this key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// The entries from this key on.
    pub fn range_from<Q: Ord + ?Sized>(&self, from: &Q) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let mut waiting = Vec::new();
        let mut link = &self.root;
        while let Some(node) = link {
            link = if node.key.borrow() < from {
                &node.right
            } else {
                waiting.push(&**node);
                &node.left
            };
        }
        Iter { waiting }
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    /// Puts a value in; gives the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let old = insert(&mut self.root, key, value);
        self.length += u32::from(old.is_none());
        old
    }

    /// Takes an entry out; gives its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let value = self.get(key)?.clone();
        remove(&mut self.root, key);
        self.length -= 1;
        Some(value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        if self.contains_key(key) {
            get_mut(&mut self.root, key)
        } else {
            None
        }
    }

    /// The value of a key, to be changed; its default value is put in first when there is none.
    pub fn or_default(&mut self, key: &K) -> &mut V
    where
        V: Default,
    {
        if !self.contains_key(key) {
            self.insert(key.clone(), V::default());
        }
        get_mut(&mut self.root, key).expect("just made sure that it is there")
    }
}

fn get_mut<'a, K, V, Q>(link: &'a mut Link<K, V>, key: &Q) -> Option<&'a mut V>
where
    K: Clone + Borrow<Q>,
    V: Clone,
    Q: Ord + ?Sized,
{
    let node = Rc::make_mut(link.as_mut()?);
    match key.cmp(node.key.borrow()) {
        Ordering::Less => get_mut(&mut node.left, key),
        Ordering::Greater => get_mut(&mut node.right, key),
        Ordering::Equal => Some(&mut node.value),
    }
}

fn insert<K: Ord + Clone, V: Clone>(link: &mut Link<K, V>, key: K, value: V) -> Option<V> {
    let Some(shared) = link else {
        *link = Some(Rc::new(Node { key, value, left: None, right: None, height: 1 }));
        return None;
    };
    let node = Rc::make_mut(shared);
    let old = match key.cmp(&node.key) {
        Ordering::Less => insert(&mut node.left, key, value),
        Ordering::Greater => insert(&mut node.right, key, value),
        Ordering::Equal => return Some(std::mem::replace(&mut node.value, value)),
    };
    if old.is_none() {
        balance(link);
    }
    old
}

/// Takes out an entry that is there.
fn remove<K: Clone + Borrow<Q>, V: Clone, Q: Ord + ?Sized>(link: &mut Link<K, V>, key: &Q) {
    let Some(shared) = link else { return };
    let node = Rc::make_mut(shared);
    match key.cmp(node.key.borrow()) {
        Ordering::Less => remove(&mut node.left, key),
        Ordering::Greater => remove(&mut node.right, key),
        Ordering::Equal => match (node.left.is_some(), node.right.is_some()) {
            (true, true) => (node.key, node.value) = take_min(&mut node.right).expect("the right side is not empty"),
            (true, false) => *link = node.left.take(),
            (false, _) => *link = node.right.take(),
        },
    }
    balance(link);
}

fn take_min<K: Clone, V: Clone>(link: &mut Link<K, V>) -> Option<(K, V)> {
    let node = Rc::make_mut(link.as_mut()?);
    let taken = take_min(&mut node.left);
    if taken.is_some() {
        balance(link);
        return taken;
    }
    let taken = (node.key.clone(), node.value.clone());
    *link = node.right.take();
    Some(taken)
}

fn height<K, V>(link: &Link<K, V>) -> u8 {
    link.as_ref().map_or(0, |node| node.height)
}

fn measure<K, V>(node: &mut Node<K, V>) {
    node.height = 1 + height(&node.left).max(height(&node.right));
}

/// Makes the two sides of a node differ by one level at most; they differ by two at most before.
fn balance<K: Clone, V: Clone>(link: &mut Link<K, V>) {
    let Some(shared) = link else { return };
    let node = Rc::make_mut(shared);
    let (left, right) = (height(&node.left), height(&node.right));
    if left > right + 1 {
        if node.left.as_ref().is_some_and(|side| height(&side.right) > height(&side.left)) {
            rotate(&mut node.left, false);
        }
        rotate(link, true);
    } else if right > left + 1 {
        if node.right.as_ref().is_some_and(|side| height(&side.left) > height(&side.right)) {
            rotate(&mut node.right, true);
        }
        rotate(link, false);
    } else {
        measure(node);
    }
}

/// Lifts the left child (`lift_left`) or the right one over its parent.
fn rotate<K: Clone, V: Clone>(link: &mut Link<K, V>, lift_left: bool) {
    let Some(mut shared) = link.take() else { return };
    let parent = Rc::make_mut(&mut shared);
    let child = if lift_left { &mut parent.left } else { &mut parent.right };
    let Some(mut lifted) = child.take() else { return };
    let top = Rc::make_mut(&mut lifted);
    let middle = if lift_left { &mut top.right } else { &mut top.left };
    *child = middle.take();
    measure(parent);
    *middle = Some(shared);
    measure(top);
    *link = Some(lifted);
}

/// Entries in the order of their keys.
pub struct Iter<'a, K, V> {
    waiting: Vec<&'a Node<K, V>>,
}

impl<'a, K, V> Iter<'a, K, V> {
    fn descend(&mut self, mut link: &'a Link<K, V>) {
        while let Some(node) = link {
            self.waiting.push(node);
            link = &node.left;
        }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.waiting.pop()?;
        self.descend(&node.right);
        Some((&node.key, &node.value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Map;
    use crate::base::draw;

    /// The height of a tree, after asserting its order and balance.
    fn check(link: &super::Link<u32, u64>) -> u8 {
        let Some(node) = link else { return 0 };
        let (left, right) = (check(&node.left), check(&node.right));
        assert!(left.abs_diff(right) <= 1, "sides of {left} and {right} levels");
        assert_eq!(node.height, 1 + left.max(right));
        node.height
    }

    #[test]
    fn a_map_is_what_a_standard_map_is_and_snapshots_stay() {
        let (mut map, mut expected) = (Map::new(), BTreeMap::new());
        let mut kept = Vec::new();
        for n in 0..4_000 {
            let drawn = draw::draw(7, "map", "test", n);
            let key = (drawn % 300) as u32;
            match (drawn >> 32) % 4 {
                0 => assert_eq!(map.remove(&key), expected.remove(&key)),
                1 => {
                    *map.or_default(&key) += n;
                    *expected.entry(key).or_default() += n;
                }
                _ => assert_eq!(map.insert(key, n), expected.insert(key, n)),
            }
            check(&map.root);
            assert_eq!(map.len(), expected.len());
            assert_eq!(map.get_min(), expected.first_key_value());
            assert_eq!(map.get_max(), expected.last_key_value());
            assert!(map.range_from(&key).eq(expected.range(key..)));
            if n % 500 == 0 {
                kept.push((map.clone(), expected.clone()));
            }
        }
        assert!(kept.iter().all(|(map, expected)| map.iter().eq(expected.iter())));
    }
}
