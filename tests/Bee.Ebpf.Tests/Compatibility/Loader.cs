using System.Text;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Compatibility;

/// <summary>Loads objects with libbpf to read its log. The verifier's verdict does not matter, and nothing is attached.</summary>
internal static unsafe class Loader
{
    /// <summary>Loads against the running kernel's types, or against other types.</summary>
    public static LoaderLog Relocate(ObjectFile file, byte[]? btf = null)
    {
        Libbpf.Require();
        var log = new LoaderLog();
        using var scope = LibbpfLog.Capture(log.Add);
        var path = btf is null ? null : Path.GetTempFileName();
        try
        {
            if (path is not null)
            {
                File.WriteAllBytes(path, btf!);
            }

            fixed (byte* bytes = file.Bytes.Span)
            fixed (byte* types = path is null ? null : Encoding.UTF8.GetBytes(path + '\0'))
            {
                var options = new LibbpfCalls.OpenOptions { Size = (nuint)sizeof(LibbpfCalls.OpenOptions), CustomBtfPath = types };
                var pointer = LibbpfCalls.bpf_object__open_mem(bytes, (nuint)file.Bytes.Length, &options);
                Assert.NotEqual(0, pointer);
                using var handle = new ObjectHandle(pointer);
                ObjectSetup.AdjustMaps(handle, file);
                LibbpfCalls.bpf_object__load(handle);
            }
        }
        finally
        {
            if (path is not null)
            {
                File.Delete(path);
            }
        }

        return log;
    }
}
