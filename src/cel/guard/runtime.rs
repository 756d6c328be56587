//! NVIDIA's container runtime: a pod under it takes a GPU, and hides GPUs from its containers that take none.

use super::object::{Validation, Variable};
use super::rule;
use super::scope::{is_gpu_resource, requests};
use crate::cel::expressions::{begins, one_of, quoted};
use crate::engine::RuntimeClasses;
use crate::engine::rules::runtime_class::RULE;
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::runtime_classes::BEGINNING;

const CLASS: &str = "object.spec.?runtimeClassName.orValue('')";

/// The message about the first entry of `unhidden`.
pub(super) const FIRST_UNHIDDEN: &str = "'container ' + variables.unhidden[0].name + ' runs under NVIDIA\\'s runtime, which shows it the GPUs that a variable of its image names'";
/// The fix for it.
pub(super) const HIDE: &str =
    "set NVIDIA_VISIBLE_DEVICES to void in it, as slicegate does when it is there";

/// `nvidiaRuntime`: whether the pod's RuntimeClass has NVIDIA's handler, by its name or by the classes that are known.
pub(super) fn variable(classes: &RuntimeClasses) -> Variable {
    let mut expression = begins(CLASS, BEGINNING);
    let others: Vec<&str> = classes.under_other_names().collect();
    if !others.is_empty() {
        expression = format!("{expression} || {}", one_of(CLASS, others));
    }
    ("nvidiaRuntime", expression)
}

/// A pod under that runtime takes a GPU, has a claim, or takes another vendor's GPU.
pub(super) fn takes_a_gpu() -> Validation {
    let otherwise = requests("k.contains('/') && k.contains('gpu')");
    let holds = format!(
        "!variables.judged || !variables.nvidiaRuntime\n|| size(variables.taking) > 0 \
        || size(object.spec.?resourceClaims.orValue([])) > 0\n|| variables.holders.exists(c, {otherwise})"
    );
    let found = format!(
        "'/spec/runtimeClassName: ' + {CLASS} + ' is NVIDIA\\'s runtime without a GPU request: CUDA images then see every GPU of the node'"
    );
    let fix = "ask for nvidia.com/gpu or a share, or leave the runtime class out";
    rule::validation(&RULE, &holds, Some(&found), fix)
}

/// `unhidden`: containers of a list that take no stock resource and do not hide GPUs.
pub(super) fn unhidden(containers: &str) -> Variable {
    let takes = requests(&is_gpu_resource("k"));
    let hides = format!(
        "c.?env.orValue([]).exists(e, e.name == {} && !has(e.valueFrom) && e.?value.orValue('') in ['', 'void', 'none'])",
        quoted(names::VISIBLE_DEVICES)
    );
    let expression = format!(
        "!variables.nvidiaRuntime ? []\n: {containers}.filter(c, !({takes})\n  && !{hides})"
    );
    ("unhidden", expression)
}

/// Every GPU is hidden from the containers that take none.
pub(super) fn is_hidden() -> Validation {
    let holds = "!variables.judged || size(variables.unhidden) == 0";
    rule::validation(&RULE, holds, Some(FIRST_UNHIDDEN), HIDE)
}
