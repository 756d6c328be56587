//! vGPUs: a virtual machine has a part of a GPU, and other machines may have the rest. GPU Feature Discovery's label
//! `nvidia.com/vgpu.present` says that a vGPU exists, but not how its GPU is shared.

use crate::engine::supply::labels::Labels;
use crate::engine::supply::why::UnknownReason;
use crate::engine::vocabulary::{Strategy, Vgpu};

/// GPU Feature Discovery's label of virtual machines with a vGPU.
pub const PRESENT: &str = "nvidia.com/vgpu.present";

/// Whether a node's label says that its GPUs are vGPUs.
pub(super) fn is_labelled(labels: &dyn Labels) -> bool {
    labels.label(PRESENT) == Some("true")
}

/// The strategy of a vGPU, given how the node itself shares it.
pub(super) fn strategy(read: Strategy, declared: Vgpu) -> Result<Strategy, UnknownReason> {
    match (declared, read) {
        (Vgpu::Unknown, _) => Err(UnknownReason::Vgpu),
        (Vgpu::Exclusive, _) => Ok(read),
        (Vgpu::TimeSlicing | Vgpu::Mig, Strategy::Mps) => Err(UnknownReason::MpsOnVgpu),
        (Vgpu::TimeSlicing, _) => Ok(Strategy::TimeSlicing),
        (Vgpu::Mig, Strategy::Exclusive) => Ok(Strategy::Mig),
        (Vgpu::Mig, _) => Ok(read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_declared_is_never_made_stronger_by_how_the_node_shares_it() {
        use Strategy::{Exclusive, Mig, Mps, TimeSlicing};
        for read in [Exclusive, Mig, Mps, TimeSlicing] {
            assert_eq!(strategy(read, Vgpu::Unknown), Err(UnknownReason::Vgpu));
            assert_eq!(strategy(read, Vgpu::Exclusive), Ok(read));
        }
        assert_eq!(strategy(Exclusive, Vgpu::TimeSlicing), Ok(TimeSlicing));
        assert_eq!(strategy(Mig, Vgpu::TimeSlicing), Ok(TimeSlicing));
        assert_eq!(strategy(Exclusive, Vgpu::Mig), Ok(Mig));
        assert_eq!(strategy(TimeSlicing, Vgpu::Mig), Ok(TimeSlicing));
        assert_eq!(strategy(Mps, Vgpu::Mig), Err(UnknownReason::MpsOnVgpu));
        assert_eq!(
            strategy(Mps, Vgpu::TimeSlicing),
            Err(UnknownReason::MpsOnVgpu)
        );
    }
}
