//! The objects that files hold: `-f web.yaml`, `-f folder`, `-f -`.

use super::call::Call;
use super::failure::{error, Failure};
use crate::api::{Kind, Object};

/// One object out of a file.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file, as messages name it.
    pub source: String,
    /// The object as it was written, without a namespace where it has none.
    pub object: Object,
}
