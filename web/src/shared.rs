//! A value many components show: cheap to hand around, and equal only to itself, so that comparing it costs nothing.

use std::ops::Deref;
use std::rc::Rc;

/// A shared value. Two are equal when they are the same one.
#[derive(Debug)]
pub struct Shared<T>(Rc<T>);

impl<T> Shared<T> {
    /// Shares a value.
    pub fn new(value: T) -> Shared<T> {
        Shared(Rc::new(value))
    }

    /// Puts another value in its place, unless it is equal. True where it is another.
    pub fn renew(&mut self, value: T) -> bool
    where
        T: PartialEq,
    {
        let other = *self.0 != value;
        if other {
            self.0 = Rc::new(value);
        }
        other
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Shared<T> {
        Shared::new(T::default())
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared(self.0.clone())
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Shared<T>) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
