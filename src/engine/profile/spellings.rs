//! The flags and variables that say how many processes a program has, where the others are, and how much of a device's
//! memory it takes: one table.
//!
//! Sources: pytorch `torch/distributed/run.py` (torchrun; its flags are also `PET_...` variables), huggingface/accelerate
//! `commands/launch.py`, microsoft/DeepSpeed `launcher/runner.py`, vllm-project/vllm `engine/arg_utils.py`,
//! sgl-project/sglang `server_args.py`, huggingface/text-generation-inference `launcher/src/main.rs`, NVIDIA/TensorRT-LLM
//! `commands/serve.py`, InternLM/lmdeploy `cli/utils.py`, NVIDIA's NIM, horovod `runner/launch.py`, Open MPI's mpirun(1),
//! kubeflow/trainer `pkg/constants`, kubeflow/training-operator `pkg/controller.v1`, kubernetes-sigs/lws
//! `api/leaderworkerset/v1`, volcano-sh/volcano `pkg/controllers/job/plugins`, ai-dynamo/grove `api/common/constants`,
//! tensorflow/serving `model_servers/main.cc`, jax-ml/jax `docs/gpu_memory_allocation.rst`.

use super::setting::SettingForm;

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
    form: SettingForm,
    /// An underscore in a flag stands for a dash too.
    name: &'static str,
    /// Of a family of variables, which begin with the name: what they end with.
    end: Option<&'static str>,
    meaning: Meaning,
}

const fn spelling(form: SettingForm, name: &'static str, meaning: Meaning) -> Spelling {
    Spelling {
        form,
        name,
        end: None,
        meaning,
    }
}

const fn flag(name: &'static str, meaning: Meaning) -> Spelling {
    spelling(SettingForm::Flag, name, meaning)
}

const fn short(name: &'static str, meaning: Meaning) -> Spelling {
    spelling(SettingForm::ShortFlag, name, meaning)
}

const fn variable(name: &'static str, meaning: Meaning) -> Spelling {
    spelling(SettingForm::Variable, name, meaning)
}

const fn family(name: &'static str, end: &'static str, meaning: Meaning) -> Spelling {
    Spelling {
        end: Some(end),
        ..variable(name, meaning)
    }
}

/// All of them.
static SPELLINGS: [Spelling; 84] = [
    // mpirun and its like. Any program has such flags, so only those after a launcher count.
    short("n", Meaning::Launched),
    short("np", Meaning::Launched),
    short("c", Meaning::Launched),
    flag("n", Meaning::Launched),
    flag("np", Meaning::Launched),
    flag("num_proc", Meaning::Launched),
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

/// What a flag or variable of that name means, if it is in the table. A launched number counts only after a launcher.
pub fn meaning(form: SettingForm, name: &str) -> Option<Meaning> {
    // Hardly any is.
    let first = name.as_bytes().first();
    let lengths = LENGTHS[form as usize][first.map_or(0, |first| usize::from(first & 31))];
    if lengths != u64::MAX && (name.len() >= 64 || lengths >> name.len() & 1 == 0) {
        return None;
    }
    let spelling = SPELLINGS.iter().find(|s| s.is(form, name))?;
    Some(spelling.meaning)
}

/// One bit for each length that names of the table have, by form and by the first letter; of families every length.
static LENGTHS: [[u64; 32]; 3] = {
    let (mut lengths, mut at) = ([[0; 32]; 3], 0);
    while at < SPELLINGS.len() {
        let Spelling {
            form, name, end, ..
        } = &SPELLINGS[at];
        let letter = (name.as_bytes()[0] & 31) as usize;
        lengths[*form as usize][letter] |= match end {
            Some(_) => u64::MAX,
            None => 1 << name.len(),
        };
        at += 1;
    }
    lengths
};

impl Spelling {
    fn is(&self, form: SettingForm, name: &str) -> bool {
        self.form == form
            && match (form, self.end) {
                (SettingForm::Variable, Some(end)) => {
                    let rest = name.strip_prefix(self.name);
                    rest.is_some_and(|rest| rest.len() > end.len() && rest.ends_with(end))
                }
                (SettingForm::Variable, None) => name == self.name,
                _ => {
                    let is_same = |(a, b): (u8, u8)| a == b || a == b'-' && b == b'_';
                    name.len() == self.name.len()
                        && name.bytes().zip(self.name.bytes()).all(is_same)
                }
            }
    }
}
