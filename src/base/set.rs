//! A persistent ordered set: a map without values.

use std::borrow::Borrow;

use super::map::Map;

/// A persistent set in order.
#[derive(Clone, Debug)]
pub struct Set<T>(Map<T, ()>);

impl<T> Default for Set<T> {
    fn default() -> Self {
        Set(Map::new())
    }
}

impl<T> Set<T> {
    /// An empty set.
    pub const fn new() -> Self {
        Set(Map::new())
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.keys()
    }

    /// The least member.
    pub fn get_min(&self) -> Option<&T> {
        self.0.get_min().map(|(member, ())| member)
    }

    /// True when this is a member.
    pub fn contains<Q: Ord + ?Sized>(&self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains_key(member)
    }

    /// The members from this one on.
    pub fn range_from<Q: Ord + ?Sized>(&self, from: &Q) -> impl Iterator<Item = &T>
    where
        T: Borrow<Q>,
    {
        self.0.range_from(from).map(|(member, ())| member)
    }
}

impl<T: Ord + Clone> Set<T> {
    /// Puts a member in; true when it was not there.
    pub fn insert(&mut self, member: T) -> bool {
        self.0.insert(member, ()).is_none()
    }

    /// Takes a member out; true when it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.remove(member).is_some()
    }
}
