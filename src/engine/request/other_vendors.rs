//! Devices of other vendors. They cannot be combined with a share of an NVIDIA GPU.
//!
//! Sources: the device plugins' own documentation (ROCm/k8s-device-plugin, intel/intel-device-plugins-for-kubernetes,
//! HabanaAI's, AWS Neuron's, GKE's TPUs) and Project-HAMi/HAMi `docs/userguide` for the others.

use crate::engine::vocabulary::Quantity;
use crate::facts::pod::Container;

/// The prefixes of their resource names.
const BEGINNINGS: [&str; 18] = [
    "amd.com/",
    "aws.amazon.com/neuron",
    "cambricon.com/",
    "enflame.com/",
    "furiosa.ai/",
    "google.com/tpu",
    "gpu.intel.com/",
    "habana.ai/",
    "huawei.com/Ascend",
    "huawei.com/ascend",
    "hygon.com/",
    "iluvatar.ai/",
    "kunlunxin.com/",
    "metax-tech.com/",
    "mthreads.com/",
    "qualcomm.com/qaic",
    "rebellions.ai/",
    "tenstorrent.com/",
];

/// The device of another vendor that a container requests, if any.
pub(super) fn device<'p>(container: &'p Container<'p>) -> Option<&'p str> {
    let is_other = |name: &str| {
        BEGINNINGS
            .iter()
            .any(|beginning| name.starts_with(beginning))
    };
    let is_zero = |quantity: &str| Quantity::parse(quantity).is_ok_and(Quantity::is_zero);
    let mut devices = container.quantities().filter(|(name, _)| is_other(name));
    let (name, _) = devices.find(|(_, quantity)| !is_zero(quantity))?;
    Some(name)
}
