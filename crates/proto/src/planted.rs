//! Switches for planted faults: a test plants one and shows that another test catches it.
//!
//! They exist only with the feature `planted`, which the crates' own tests turn on and no release has.

#[cfg(feature = "planted")]
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

#[cfg(feature = "planted")]
static ACTIVE: Mutex<Option<String>> = Mutex::new(None);
/// Looked at first, so that measurements in test builds do not measure the lock.
#[cfg(feature = "planted")]
static IS_ANY: AtomicBool = AtomicBool::new(false);

/// Plants the fault of this name in the whole process, or none. Tests that call this run alone in their process.
#[cfg(feature = "planted")]
pub fn plant(fault: Option<&str>) {
    *ACTIVE.lock().expect("no test panics while it holds this") = fault.map(str::to_owned);
    IS_ANY.store(fault.is_some(), Ordering::SeqCst);
}

/// Whether the fault of this name is planted.
#[cfg(feature = "planted")]
pub fn planted(fault: &str) -> bool {
    IS_ANY.load(Ordering::SeqCst)
        && ACTIVE.lock().expect("no test panics while it holds this").as_deref() == Some(fault)
}

/// Whether the fault of this name is planted: never, in this build.
#[cfg(not(feature = "planted"))]
pub const fn planted(_fault: &str) -> bool {
    false
}
