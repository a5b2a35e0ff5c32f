using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Bee.Ebpf.Btf;
using Bee.Posix;

namespace Bee.Toolchain.Vmlinux;

/// <summary>Writes the types of a BTF section as C, with libbpf.</summary>
internal static unsafe class BtfToC
{
    /// <summary>The maximum length of one output of libbpf. Identifiers have at most a few hundred bytes.</summary>
    private const int Longest = 64 * 1024;

    /// <summary>Typedef names that bee.h defines. Some kernels use one of them themselves (mac_addr stands for the
    /// bridge's struct mac_addr), and C rejects a second typedef of another type. The kernel's typedef gets a suffix; its struct,
    /// which relocations refer to, keeps its name.</summary>
    private static readonly string[] s_beeNames =
    [
        "ipv4_addr", "ipv6_addr", "mac_addr", "net_port", "be16", "be32", "be64", "duration", "ktime", "boottime",
        "syscall_nr", "errno_value", "signal_nr", "byte_size",
    ];

    private struct Output
    {
        public byte* Start;
        public nuint Used;
        public nuint Size;

        /// <summary>Makes room for another output.</summary>
        public void Reserve()
        {
            if (Size - Used < Longest)
            {
                // If memory is exhausted, the process ends: an exception must not pass through libbpf.
                Size *= 2;
                Start = (byte*)NativeMemory.Realloc(Start, Size);
            }
        }

        public void Append(ReadOnlySpan<byte> text)
        {
            Reserve();
            text.CopyTo(new Span<byte>(Start + Used, Longest));
            Used += (nuint)text.Length;
        }
    }

    /// <summary>Writes all types, each after those that it needs.</summary>
    /// <param name="section">The BTF.</param>
    /// <param name="nameless">The ids of structs whose members get unusable names, so that no source can read them.</param>
    /// <param name="functions">The functions to declare after the types, as symbols that the kernel may lack.</param>
    /// <exception cref="InvalidDataException">libbpf rejects the BTF.</exception>
    /// <exception cref="DllNotFoundException">libbpf is not installed.</exception>
    internal static byte[] Write(ReadOnlySpan<byte> section, IReadOnlyList<uint> nameless, IReadOnlyList<BtfFunction> functions)
    {
        nint btf = 0, dump = 0;
        var output = new Output { Size = 8 * 1024 * 1024 };
        output.Start = (byte*)NativeMemory.Alloc(output.Size);
        try
        {
            fixed (byte* data = section)
            {
                btf = LibbpfDump.btf__new(data, (uint)section.Length);
            }

            if (btf == 0)
            {
                throw new InvalidDataException($"libbpf cannot read the BTF (errno {Marshal.GetLastPInvokeError()}).");
            }

            MakeRoom(btf);
            Hide(btf, nameless);
            dump = LibbpfDump.btf_dump__new(btf, &Print, &output, null);
            if (dump == 0)
            {
                throw new InvalidDataException($"libbpf cannot dump the BTF (errno {Marshal.GetLastPInvokeError()}).");
            }

            var count = LibbpfDump.btf__type_cnt(btf);
            for (uint id = 1; id < count; id++)
            {
                var error = LibbpfDump.btf_dump__dump_type(dump, id);
                if (error != 0)
                {
                    throw new InvalidDataException($"libbpf cannot write type {id} of {count} as C (errno {-error}).");
                }
            }

            output.Append("\n#ifndef "u8);
            output.Append(Encoding.UTF8.GetBytes(KernelHeader.NoFunctions));
            output.Append("\n"u8);
            foreach (var function in functions)
            {
                output.Append("extern "u8);
                Declare(dump, function);
                output.Append(" __attribute__((section(\".ksyms\"), weak));\n"u8);
            }

            output.Append("#endif\n"u8);
            return new ReadOnlySpan<byte>(output.Start, checked((int)output.Used)).ToArray();
        }
        finally
        {
            if (dump != 0)
            {
                LibbpfDump.btf_dump__free(dump);
            }

            if (btf != 0)
            {
                LibbpfDump.btf__free(btf);
            }

            NativeMemory.Free(output.Start);
        }
    }

    private static void Declare(nint dump, BtfFunction function)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(function.Name + '\0'))
        {
            var options = new LibbpfDump.DeclarationOptions { Size = (nuint)sizeof(LibbpfDump.DeclarationOptions), FieldName = name };
            var error = LibbpfDump.btf_dump__emit_type_decl(dump, function.Prototype.Id, &options);
            if (error != 0)
            {
                throw new InvalidDataException($"libbpf cannot write the function {function.Name} as C (errno {-error}).");
            }
        }
    }

    private static void MakeRoom(nint btf)
    {
        foreach (var name in s_beeNames)
        {
            var id = LibbpfDump.btf__find_by_name_kind(btf, name, LibbpfDump.KindTypedef);
            if (id <= 0)
            {
                continue;
            }

            // Adding a string first makes libbpf copy the types into writable memory.
            var offset = LibbpfDump.btf__add_str(btf, name + "___kernel");
            if (offset > 0)
            {
                *LibbpfDump.btf__type_by_id(btf, (uint)id) = (uint)offset;
            }
        }
    }

    private static void Hide(nint btf, IReadOnlyList<uint> structs)
    {
        const int Words = 3; // of struct btf_type, and of each struct btf_member behind it; a name comes first in both
        foreach (var id in structs)
        {
            var count = LibbpfDump.btf__type_by_id(btf, id)[1] & 0xffff;
            for (var member = 1u; member <= count; member++)
            {
                // Anonymous members are structs, whose own members are hidden in turn. Look the type up again: adding a string may move the types.
                var offset = LibbpfDump.btf__type_by_id(btf, id)[Words * member] == 0 ? 0 : LibbpfDump.btf__add_str(btf, $"register_of_another_platform_{id}_{member}");
                if (offset > 0)
                {
                    LibbpfDump.btf__type_by_id(btf, id)[Words * member] = (uint)offset;
                }
            }
        }
    }

    [UnmanagedCallersOnly]
    private static void Print(void* context, byte* format, void* arguments)
    {
        ref var output = ref Unsafe.AsRef<Output>(context);
        output.Reserve();
        var written = Libc.vsnprintf(output.Start + output.Used, Longest, format, arguments);
        output.Used += (nuint)Math.Clamp(written, 0, Longest - 1);
    }
}

/// <summary>The kernel functions that programs may call (kfuncs). The kernel's BTF marks them since Linux 6.10.</summary>
internal static partial class KernelFunctions
{
    /// <summary>Returns the functions in order of names, without those whose names C rejects.</summary>
    internal static IReadOnlyList<BtfFunction> Of(BtfSpec types) =>
    [
        .. types.Types.OfType<BtfDeclarationTag>()
            .Where(tag => tag.Value == "bpf_kfunc" && tag.ComponentIndex == -1)
            .Select(tag => tag.Target).OfType<BtfFunction>()
            .Where(function => Identifier().IsMatch(function.Name))
            .DistinctBy(function => function.Name).OrderBy(function => function.Name, StringComparer.Ordinal),
    ];

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Identifier();
}

/// <summary>The libbpf functions that convert BTF to C.</summary>
internal static unsafe partial class LibbpfDump
{
    internal const string Library = "libbpf.so.1";
    internal const uint KindTypedef = 8;

    static LibbpfDump() => NativeLibrary.SetDllImportResolver(typeof(LibbpfDump).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        // Load the same library as Bee.Ebpf, so that the process has one libbpf.
        return name == Library && Bee.Ebpf.Interop.Libbpf.OverridePath is { } path ? NativeLibrary.Load(path) : 0;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint btf__new(byte* data, uint size);

    [LibraryImport(Library)]
    internal static partial void btf__free(nint btf);

    [LibraryImport(Library)]
    internal static partial uint btf__type_cnt(nint btf);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int btf__find_by_name_kind(nint btf, string name, uint kind);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int btf__add_str(nint btf, string text);

    /// <summary>Returns struct btf_type *. Its first four bytes are the offset of the name in the strings.</summary>
    [LibraryImport(Library)]
    internal static partial uint* btf__type_by_id(nint btf, uint id);

    /// <summary>The callback receives (void *context, const char *format, va_list arguments). In the calling conventions of x86-64,
    /// arm64 and riscv64, a va_list argument is one pointer, which is sufficient here.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint btf_dump__new(nint btf, delegate* unmanaged<void*, byte*, void*, void> print, void* context, void* options);

    [LibraryImport(Library)]
    internal static partial int btf_dump__dump_type(nint dump, uint id);

    [LibraryImport(Library)]
    internal static partial int btf_dump__emit_type_decl(nint dump, uint id, DeclarationOptions* options);

    /// <summary>struct btf_dump_emit_type_decl_opts.</summary>
    internal struct DeclarationOptions
    {
        public nuint Size;
        public byte* FieldName;
        public int IndentLevel;
        public byte StripModifiers;
    }

    [LibraryImport(Library)]
    internal static partial void btf_dump__free(nint dump);
}

/// <summary>
/// The kernel types that hold a processor's registers. A program for another architecture must not use them from this vmlinux.h:
/// the same field is another register there, or does not exist, and CO-RE cannot detect that.
/// </summary>
internal static class RegisterTypes
{
    private static readonly string[] s_names = ["pt_regs", "user_pt_regs", "user_regs_struct"];

    /// <summary>Members that exist only in one architecture's registers, with the kernel's name of the architecture.</summary>
    private static readonly (string Struct, string Member, string Architecture)[] s_signs =
    [
        ("pt_regs", "orig_ax", "x86"),
        ("user_pt_regs", "pstate", "arm64"),
        ("user_pt_regs", "psw", "s390"),
        ("user_pt_regs", "nip", "powerpc"),
        ("pt_regs", "nip", "powerpc"),
        ("pt_regs", "uregs", "arm"),
        ("pt_regs", "epc", "riscv"),
        ("pt_regs", "csr_era", "loongarch"),
        ("pt_regs", "cp0_epc", "mips"),
    ];

    /// <summary>Returns the architecture of the types' kernel, in the kernel's spelling; null if the types do not reveal it.</summary>
    internal static string? Architecture(BtfSpec types)
    {
        foreach (var (name, member, architecture) in s_signs)
        {
            if (types.Find(name, BtfKind.Struct) is BtfStruct registers && With(registers).Any(part => part.Members.Any(item => item.Name == member)))
            {
                return architecture;
            }
        }

        return null;
    }

    /// <summary>Returns the ids of the register types, and of anonymous types nested in them.</summary>
    internal static IReadOnlyList<uint> Ids(BtfSpec types) =>
        [.. types.Types.OfType<BtfStruct>().Where(type => s_names.Contains(type.Name)).SelectMany(With).Select(type => type.Id).Distinct()];

    private static IEnumerable<BtfStruct> With(BtfStruct type) =>
        type.Members.Where(member => member.Name.Length == 0).Select(member => member.Type).OfType<BtfStruct>().Where(inner => inner.Name.Length == 0)
            .SelectMany(With).Prepend(type);
}
