//! The flags and variables that say how many processes a program has, where the others are, and how much of a device's
//! memory it takes: one table.
//!
//! Sources: pytorch `torch/distributed/run.py` (torchrun; its flags are also `PET_...` variables), huggingface/accelerate
//! `commands/launch.py`, microsoft/DeepSpeed `launcher/runner.py`, vllm-project/vllm `engine/arg_utils.py`,
//! sgl-project/sglang `server_args.py`, huggingface/text-generation-inference `launcher/src/main.rs`, NVIDIA/TensorRT-LLM
//! `commands/serve.py`, InternLM/lmdeploy `cli/utils.py`, NVIDIA's NIM, horovod `runner/launch.py`, Open MPI's mpirun(1),
//! kubeflow/trainer `pkg/constants`, kubeflow/training-operator `pkg/controller.v1`, kubernetes-sigs/lws
//! `api/leaderworkerset/v1`, volcano-sh/volcano `pkg/controllers/job/plugins`, ai-dynamo/grove `api/common/constants`, tensorflow/serving
//! `model_servers/main.cc`, jax-ml/jax `docs/gpu_memory_allocation.rst`.

use super::PodForm;

/// What the value of a flag or variable means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// How many machines or pods there are.
    Nodes,
    /// How many processes there are in all of them.
    World,
    /// Which machine this is; the first is 0.
    Rank,
    /// Where the first of them is.
    Address,
    /// All of them, with commas between.
    Hosts,
    /// How many machines a task of a job has; a job may have several tasks.
    TaskNodes,
    /// What has the pods of one job find each other.
    Group,
    /// How the processes of a server are started.
    Backend,
    /// A model's layers are each split over so many devices.
    Tensor,
    /// A model's layers are dealt to so many devices.
    Pipeline,
    /// So many copies of a model, wherever they are.
    Data,
    /// So many copies of a model in this container.
    LocalData,
    /// So many processes in this container.
    PerNode,
    /// So many processes of a launcher, on all machines.
    Processes,
    /// So many processes that `mpirun` or its like starts.
    Launched,
    /// So much of the device's memory, as a fraction.
    MemoryFraction,
}

/// One spelling.
struct Spelling {
    form: PodForm,
    /// An underscore in a flag stands for a dash too.
    name: &'static str,
    /// Of a family of variables, which begin with the name: what they end with.
    end: Option<&'static str>,
    meaning: Meaning,
}

const fn flag(name: &'static str, meaning: Meaning) -> Spelling {
    spelling(PodForm::Flag, name, None, meaning)
}

const fn short(name: &'static str, meaning: Meaning) -> Spelling {
    spelling(PodForm::ShortFlag, name, None, meaning)
}

const fn variable(name: &'static str, meaning: Meaning) -> Spelling {
    spelling(PodForm::Variable, name, None, meaning)
}

const fn family(name: &'static str, end: &'static str, meaning: Meaning) -> Spelling {
    spelling(PodForm::Variable, name, Some(end), meaning)
}

const fn spelling(
    form: PodForm,
    name: &'static str,
    end: Option<&'static str>,
    meaning: Meaning,
) -> Spelling {
    Spelling {
        form,
        name,
        end,
        meaning,
    }
}

/// All of them.
static SPELLINGS: [Spelling; 78] = [
    // torchrun, DeepSpeed, accelerate, Lightning, SGLang, vLLM.
    flag("nnodes", Meaning::Nodes),
    flag("num_nodes", Meaning::Nodes),
    flag("num_machines", Meaning::Nodes),
    flag("node_rank", Meaning::Rank),
    flag("machine_rank", Meaning::Rank),
    flag("master_addr", Meaning::Address),
    flag("rdzv_endpoint", Meaning::Address),
    flag("main_process_ip", Meaning::Address),
    flag("dist_init_addr", Meaning::Address),
    flag("nproc_per_node", Meaning::PerNode),
    flag("num_gpus", Meaning::PerNode),
    flag("num_processes", Meaning::Processes),
    // vLLM, SGLang, TensorRT-LLM, LMDeploy, TGI.
    flag("tensor_parallel_size", Meaning::Tensor),
    flag("tp_size", Meaning::Tensor),
    flag("tp", Meaning::Tensor),
    short("tp", Meaning::Tensor),
    flag("num_shard", Meaning::Tensor),
    flag("pipeline_parallel_size", Meaning::Pipeline),
    flag("pp_size", Meaning::Pipeline),
    flag("pp", Meaning::Pipeline),
    short("pp", Meaning::Pipeline),
    flag("data_parallel_size", Meaning::Data),
    flag("dp_size", Meaning::Data),
    flag("dp", Meaning::Data),
    short("dp", Meaning::Data),
    flag("data_parallel_size_local", Meaning::LocalData),
    short("dpl", Meaning::LocalData),
    flag("data_parallel_address", Meaning::Address),
    short("dpa", Meaning::Address),
    flag("data_parallel_rank", Meaning::Rank),
    short("dpn", Meaning::Rank),
    flag("data_parallel_start_rank", Meaning::Rank),
    short("dpr", Meaning::Rank),
    flag("distributed_executor_backend", Meaning::Backend),
    flag("data_parallel_backend", Meaning::Backend),
    short("dpb", Meaning::Backend),
    // Variables that PyTorch, XGBoost and JAX read, and what training operators write.
    variable("WORLD_SIZE", Meaning::World),
    variable("JAX_NUM_PROCESSES", Meaning::World),
    variable("NNODES", Meaning::Nodes),
    variable("NUM_NODES", Meaning::Nodes),
    variable("PET_NNODES", Meaning::Nodes),
    variable("SLURM_NNODES", Meaning::Nodes),
    variable("LWS_GROUP_SIZE", Meaning::Nodes),
    variable("GROVE_PCSG_TEMPLATE_NUM_PODS", Meaning::Nodes),
    variable("NODE_RANK", Meaning::Rank),
    variable("PET_NODE_RANK", Meaning::Rank),
    variable("MASTER_ADDR", Meaning::Address),
    variable("PET_MASTER_ADDR", Meaning::Address),
    variable("RDZV_ENDPOINT", Meaning::Address),
    variable("PET_RDZV_ENDPOINT", Meaning::Address),
    variable("JAX_COORDINATOR_ADDRESS", Meaning::Address),
    family("VC_", "_HOSTS", Meaning::Hosts),
    family("VC_", "_NUM", Meaning::TaskNodes),
    family("GROVE_", "", Meaning::Group),
    // The same that flags say, as the images and scripts of these servers read it.
    variable("TENSOR_PARALLEL_SIZE", Meaning::Tensor),
    variable("VLLM_TENSOR_PARALLEL_SIZE", Meaning::Tensor),
    variable("NIM_TENSOR_PARALLEL_SIZE", Meaning::Tensor),
    variable("TP_SIZE", Meaning::Tensor),
    variable("NUM_SHARD", Meaning::Tensor),
    variable("PIPELINE_PARALLEL_SIZE", Meaning::Pipeline),
    variable("VLLM_PIPELINE_PARALLEL_SIZE", Meaning::Pipeline),
    variable("NIM_PIPELINE_PARALLEL_SIZE", Meaning::Pipeline),
    variable("PP_SIZE", Meaning::Pipeline),
    variable("DATA_PARALLEL_SIZE", Meaning::Data),
    variable("VLLM_DATA_PARALLEL_SIZE", Meaning::Data),
    variable("DP_SIZE", Meaning::Data),
    variable("NPROC_PER_NODE", Meaning::PerNode),
    variable("PET_NPROC_PER_NODE", Meaning::PerNode),
    variable("ACCELERATE_NUM_PROCESSES", Meaning::Processes),
    // vLLM, SGLang, TGI, TensorFlow Serving, TensorRT-LLM, JAX.
    flag("gpu_memory_utilization", Meaning::MemoryFraction),
    flag("mem_fraction_static", Meaning::MemoryFraction),
    flag("cuda_memory_fraction", Meaning::MemoryFraction),
    flag("per_process_gpu_memory_fraction", Meaning::MemoryFraction),
    flag("kv_cache_free_gpu_mem_fraction", Meaning::MemoryFraction),
    flag("free_gpu_memory_fraction", Meaning::MemoryFraction),
    variable("VLLM_GPU_MEMORY_UTILIZATION", Meaning::MemoryFraction),
    variable("CUDA_MEMORY_FRACTION", Meaning::MemoryFraction),
    variable("XLA_PYTHON_CLIENT_MEM_FRACTION", Meaning::MemoryFraction),
];

/// Programs that start a process on each of several machines.
pub const LAUNCHERS: [&str; 5] = ["mpirun", "mpiexec", "horovodrun", "orterun", "prterun"];

/// Flags of such a program for the number of processes; any program has such flags, so only those after it count.
const LAUNCHED: [(PodForm, &str); 6] = [
    (PodForm::ShortFlag, "n"),
    (PodForm::ShortFlag, "np"),
    (PodForm::ShortFlag, "c"),
    (PodForm::Flag, "n"),
    (PodForm::Flag, "np"),
    (PodForm::Flag, "num_proc"),
];

/// What a flag or variable of that name means, if it is in the table.
pub fn meaning(form: PodForm, name: &str) -> Option<Meaning> {
    // Hardly any is.
    if !BEGINNINGS.may_have(form, name) {
        return None;
    }
    let spelling = SPELLINGS.iter().find(|s| s.is(form, name))?;
    Some(spelling.meaning)
}

/// Whether a flag of that name is the number of processes of a launcher, if it stands after one.
pub fn is_launched(form: PodForm, name: &str) -> bool {
    LAUNCHED
        .iter()
        .any(|(of, spelt)| *of == form && is_same(name, spelt))
}

static BEGINNINGS: Beginnings = Beginnings::of(&SPELLINGS);

/// Which lengths the names of the table have, by form and by the first letter; of families every length.
struct Beginnings([[u64; 32]; 3]);

impl Beginnings {
    const fn of(table: &[Spelling]) -> Self {
        let mut lengths = [[0; 32]; 3];
        let mut at = 0;
        while at < table.len() {
            let Spelling {
                form, name, end, ..
            } = &table[at];
            let letter = (name.as_bytes()[0] & 31) as usize;
            lengths[*form as usize][letter] |= match end {
                Some(_) => u64::MAX,
                None => 1 << name.len(),
            };
            at += 1;
        }
        Self(lengths)
    }

    fn may_have(&self, form: PodForm, name: &str) -> bool {
        let first = name.as_bytes().first();
        let letter = first.map_or(0, |first| usize::from(first & 31));
        let lengths = self.0[form as usize][letter];
        lengths == u64::MAX || name.len() < 64 && lengths >> name.len() & 1 == 1
    }
}

impl Spelling {
    fn is(&self, form: PodForm, name: &str) -> bool {
        if self.form != form {
            return false;
        }
        match (self.form, self.end) {
            (PodForm::Variable, Some(end)) => {
                let rest = name.strip_prefix(self.name);
                rest.is_some_and(|rest| rest.len() > end.len() && rest.ends_with(end))
            }
            (PodForm::Variable, None) => name == self.name,
            _ => is_same(name, self.name),
        }
    }
}

/// Whether a flag has this name, in which an underscore stands for a dash too.
fn is_same(flag: &str, name: &str) -> bool {
    let same = |(a, b): (u8, u8)| a == b || a == b'-' && b == b'_';
    flag.len() == name.len() && flag.bytes().zip(name.bytes()).all(same)
}
