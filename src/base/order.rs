//! Sorting, stable, with one small body of code for all types.
//!
//! The standard library's sorts are made anew for each type and order: seventy of them were a twelfth of the page's
//! WebAssembly. Here only swapping is made anew. It never allocates more than two words an element.

use std::cmp::Ordering;

/// Sorting for slices, always stable.
pub trait Order<T> {
    /// Sorts by the natural order.
    fn order(&mut self)
    where
        T: Ord;

    /// Sorts by a comparison.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Sorts by a key, which is made anew for each comparison.
    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Order<T> for [T] {
    fn order(&mut self)
    where
        T: Ord,
    {
        self.order_by(T::cmp);
    }

    fn order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let order = sorted(self.len(), &mut |a, b| compare(&self[a], &self[b]));
        for place in 0..self.len() {
            let mut from = order[place];
            while from < place {
                from = order[from];
            }
            self.swap(place, from);
        }
    }

    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|a, b| key(a).cmp(&key(b)));
    }
}

/// The positions of `length` elements in their order: merges runs of one, two, four and so on.
fn sorted(length: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    let mut merged = Vec::with_capacity(length);
    let mut run = 1;
    while run < length {
        merged.clear();
        for start in (0..length).step_by(2 * run) {
            let (middle, end) = ((start + run).min(length), (start + 2 * run).min(length));
            let (mut left, mut right) = (start, middle);
            while left < middle && right < end {
                let side = if compare(order[left], order[right]).is_le() { &mut left } else { &mut right };
                merged.push(order[*side]);
                *side += 1;
            }
            merged.extend_from_slice(&order[left..middle]);
            merged.extend_from_slice(&order[right..end]);
        }
        std::mem::swap(&mut order, &mut merged);
        run *= 2;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::Order;
    use crate::base::draw;

    #[test]
    fn it_sorts_and_leaves_equals_in_their_order() {
        for length in 0..200 {
            let mut drawn: Vec<(u64, u64)> = (0..length).map(|n| (draw::below(3, "order", "test", n, 20), n)).collect();
            drawn.order_by_key(|(key, _)| std::cmp::Reverse(*key));
            assert!(drawn.windows(2).all(|two| two[0].0 > two[1].0 || two[0].0 == two[1].0 && two[0].1 < two[1].1));
            let mut places: Vec<u64> = drawn.iter().map(|(_, n)| *n).collect();
            places.order();
            assert!(places.into_iter().eq(0..length), "nothing is lost");
        }
    }
}
