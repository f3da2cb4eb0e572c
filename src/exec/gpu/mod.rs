use crate::exec::segment::*;
use crate::{Error, Result};
pub struct Gpu;
pub struct Found {
    pub name: String,
}
impl Found {
    pub fn is_software(&self) -> bool {
        true
    }
}
pub fn choose(_: Option<&str>) -> Result<Found> {
    Err(Error::device("none"))
}
impl Gpu {
    pub fn new(_: Option<&str>, _: &str, _: &str) -> Result<Self> {
        Err(Error::device("none"))
    }
    pub fn adapter(&self) -> &Found {
        todo!()
    }
    pub fn capacity(&self) -> Capacity {
        todo!()
    }
}
#[derive(Clone, Copy)]
pub struct Capacity;
impl Capacity {
    pub const UNBOUNDED: Self = Self;
    pub fn holds(&self, _: &Segment) -> bool {
        true
    }
}
impl Clearing for Gpu {
    fn clear(&mut self, _: &Segment) -> Result<Cleared> {
        todo!()
    }
    fn stages(&self) -> Stages {
        vec![]
    }
}
