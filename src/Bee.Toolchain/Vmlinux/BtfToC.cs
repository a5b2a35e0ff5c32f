using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Bee.Ebpf.Btf;
using Bee.Posix;

namespace Bee.Toolchain.Vmlinux;

/// <summary>Writes the types of a BTF section as C, in libbpf's words.</summary>
internal static unsafe class BtfToC
{
    /// <summary>No single thing that libbpf prints is near this long; identifiers end at a few hundred bytes.</summary>
    private const int Longest = 64 * 1024;

    /// <summary>Typedef names that bee.h gives a meaning. Some kernels use one of them themselves (mac_addr stands for the
    /// bridge's struct mac_addr), and C takes no second typedef of another type. The kernel's gets a suffix; its struct,
    /// which relocations go by, keeps its name.</summary>
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

        /// <summary>Makes room for one thing more.</summary>
        public void Reserve()
        {
            if (Size - Used < Longest)
            {
                // A failure to grow ends the process, as any lack of memory does: nothing may be thrown through libbpf.
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

    /// <summary>All types, each after what it needs.</summary>
    /// <param name="section">The BTF.</param>
    /// <param name="nameless">Ids of structs whose members get names that no source has, so that nobody takes something out of them.</param>
    /// <param name="functions">Functions to declare after the types, as symbols that the kernel may lack.</param>
    /// <exception cref="InvalidDataException">libbpf refuses the BTF.</exception>
    /// <exception cref="DllNotFoundException">There is no libbpf.</exception>
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
                throw new InvalidDataException($"libbpf cannot read it (errno {Marshal.GetLastPInvokeError()}).");
            }

            MakeRoom(btf);
            Hide(btf, nameless);
            dump = LibbpfDump.btf_dump__new(btf, &Print, &output, null);
            if (dump == 0)
            {
                throw new InvalidDataException($"libbpf cannot dump it (errno {Marshal.GetLastPInvokeError()}).");
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

            // Adding the string first: it makes libbpf keep the types in memory of their own, which can be changed.
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
                // Members without a name are structs, whose own members are hidden in their turn. Looked up anew: a string more may move the types.
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

/// <summary>The functions that a kernel opens to programs (kfuncs). Its BTF marks them since Linux 6.10.</summary>
internal static partial class KernelFunctions
{
    /// <summary>The functions, by name and without those whose name C does not take.</summary>
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

/// <summary>The few calls of libbpf that turn BTF into C.</summary>
internal static unsafe partial class LibbpfDump
{
    internal const string Library = "libbpf.so.1";
    internal const uint KindTypedef = 8;

    static LibbpfDump() => NativeLibrary.SetDllImportResolver(typeof(LibbpfDump).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        // The library that Bee.Ebpf takes, so that one libbpf serves both.
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

    /// <summary>struct btf_type *; its first four bytes are the name's offset among the strings.</summary>
    [LibraryImport(Library)]
    internal static partial uint* btf__type_by_id(nint btf, uint id);

    /// <summary>The callback takes (void *context, const char *format, va_list arguments). In the calling conventions of x86-64,
    /// arm64 and riscv64 a va_list argument is one pointer, which is all that this side needs to know.</summary>
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
/// The types in which a kernel keeps a processor's registers. They are the part of vmlinux.h that a program for another architecture must not
/// take over: the same field is another register there, or none, and CO-RE cannot tell.
/// </summary>
internal static class RegisterTypes
{
    private static readonly string[] s_names = ["pt_regs", "user_pt_regs", "user_regs_struct"];

    /// <summary>A member that only this architecture's registers have, by the kernel's name of the architecture.</summary>
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

    /// <summary>The architecture of the kernel that the types are of, in the kernel's own words; null where they do not tell.</summary>
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

    /// <summary>The ids of the register types, and of what is nested in them without a name.</summary>
    internal static IReadOnlyList<uint> Ids(BtfSpec types) =>
        [.. types.Types.OfType<BtfStruct>().Where(type => s_names.Contains(type.Name)).SelectMany(With).Select(type => type.Id).Distinct()];

    private static IEnumerable<BtfStruct> With(BtfStruct type) =>
        type.Members.Where(member => member.Name.Length == 0).Select(member => member.Type).OfType<BtfStruct>().Where(inner => inner.Name.Length == 0)
            .SelectMany(With).Prepend(type);
}
