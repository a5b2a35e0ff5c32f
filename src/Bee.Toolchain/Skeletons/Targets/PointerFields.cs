using Bee.Ebpf.Btf;

namespace Bee.Toolchain;

/// <summary>What is worth reading behind pointers to the kernel's better known structs.</summary>
internal static class PointerFields
{
    private const string KernelText = "bpf_probe_read_kernel_str";

    /// <summary>The fields for a pointer: those of its struct, else its address.</summary>
    /// <param name="fields">Gets them.</param>
    /// <param name="name">The pointer's name in the kernel.</param>
    /// <param name="type">What it points to.</param>
    /// <param name="pointer">C that gives the pointer.</param>
    public static void Add(FieldList fields, string name, BtfType type, string pointer)
    {
        string Named(string part) => fields.Free($"{name}_{part}");
        string Read(params string[] path) => $"BPF_CORE_READ({pointer}, {string.Join(", ", path)})";
        switch (type.Resolve() is BtfStruct { IsUnion: false } known ? known.Name : string.Empty)
        {
            case "task_struct":
                fields.Add(new SkeletonField($"pid_t {Named("pid")}", $"@ = {Read("tgid")};", null, sizeof(int)));
                fields.Add(new SkeletonField($"char {Named("comm")}[16]", $"{KernelText}(@, sizeof(@), {pointer}->comm);", null, 16));
                break;
            case "file":
                fields.Add(ValueField.Text(Named("name"), KernelText, Read("f_path.dentry", "d_name.name")));
                break;
            case "path":
                fields.Add(ValueField.Text(Named("name"), KernelText, Read("dentry", "d_name.name")));
                break;
            case "dentry":
                fields.Add(ValueField.Text(Named("name"), KernelText, Read("d_name.name")));
                break;
            case "filename":
                fields.Add(ValueField.Text(fields.Free(name), KernelText, Read("name")));
                break;
            case "linux_binprm":
                fields.Add(ValueField.Text(Named("file"), KernelText, Read("filename")));
                break;
            case "sock":
                fields.Add(new SkeletonField($"ipv4_addr {Named("remote")}", $"@ = {Read("__sk_common.skc_daddr")};", null, sizeof(uint)));
                fields.Add(new SkeletonField($"net_port {Named("port")}", $"@ = {Read("__sk_common.skc_dport")};", "the other side's", sizeof(ushort)));
                break;
            case "sock_common":
                fields.Add(new SkeletonField($"ipv4_addr {Named("remote")}", $"@ = {Read("skc_daddr")};", null, sizeof(uint)));
                fields.Add(new SkeletonField($"net_port {Named("port")}", $"@ = {Read("skc_dport")};", "the other side's", sizeof(ushort)));
                break;
            case "sk_buff":
                fields.Add(new SkeletonField($"byte_size {Named("length")}", $"@ = {Read("len")};", null, sizeof(ulong)));
                break;
            case "bpf_map":
                fields.Add(new SkeletonField($"u32 {Named("id")}", $"@ = {Read("id")};", null, sizeof(uint)));
                fields.Add(new SkeletonField($"char {Named("name")}[16]", $"{KernelText}(@, sizeof(@), {pointer}->name);", null, 16));
                break;
            case "bpf_prog":
                fields.Add(new SkeletonField($"u32 {Named("id")}", $"@ = {Read("aux", "id")};", null, sizeof(uint)));
                fields.Add(new SkeletonField($"char {Named("name")}[16]", $"{KernelText}(@, sizeof(@), {pointer}->aux->name);", null, 16));
                break;
            case "bpf_link":
                fields.Add(new SkeletonField($"u32 {Named("id")}", $"@ = {Read("id")};", null, sizeof(uint)));
                break;
            default:
                fields.Add(ValueField.Pointer(fields.Free(name), pointer));
                break;
        }
    }
}
