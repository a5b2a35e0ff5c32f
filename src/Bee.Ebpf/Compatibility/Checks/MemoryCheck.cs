using System.Globalization;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>How much memory the maps take, and whether the machine has it.</summary>
internal static class MemoryCheck
{
    private const string Name = "Memory";
    private const int MostMaps = 4;

    // Above this part of what is free, others notice.
    private const double Much = 0.25;

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        if (context.File.Maps.Count == 0)
        {
            yield return new(Name, CheckState.Ok, "The object has no maps.");
            yield break;
        }

        var memory = new MapMemory(context.Kernel.Kernel.Types, Possible, Environment.SystemPageSize);
        var known = context.File.Maps.Select(m => (Map: m, Bytes: memory.Estimate(m))).ToList();
        var total = known.Sum(m => m.Bytes ?? 0);
        var reader = context.File.Maps.Sum(memory.Reader);
        var text = $"The maps take about {Size(total)}: {string.Join(", ", known.Where(m => m.Bytes is not null).OrderByDescending(m => m.Bytes).Take(MostMaps).Select(m => $"{m.Map.Name} {Size(m.Bytes!.Value)}"))}"
            + (known.Count > MostMaps ? " and others" : "") + $", for {CheckContext.Count(Possible, "CPU")}"
            + (reader > 0 ? $"; reading its perf buffers takes another {Size(reader)}" : "") + ".";
        if (known.Where(m => m.Bytes is null).Select(m => $"{m.Map.Name} ({m.Map.Type})").ToList() is { Count: > 0 } unknown)
        {
            text += $" Not counted: {CheckContext.List(unknown)}.";
        }

        var free = context.Kernel.Kernel.IsRunning ? Available() : null;
        var needed = total + reader;
        yield return free switch
        {
            { } bytes when needed > bytes => new(Name, CheckState.Failed, $"{text} This machine has {Size(bytes)} free.") { Remedy = "Make the largest maps smaller (max_entries)." },
            { } bytes when needed > Much * bytes => new(Name, CheckState.Warning, $"{text} This machine has {Size(bytes)} free."),
            _ => new(Name, CheckState.Ok, text),
        };
    }

    private static string Size(long bytes) => FieldText.ByteSize((ulong)bytes);

    // Read from the kernel itself: no library is needed to look at an object.
    private static int Possible
    {
        get
        {
            try
            {
                return Cpus.ParseList(RegularFile.ReadAllText("/sys/devices/system/cpu/possible").Trim()).Count;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                return Environment.ProcessorCount;
            }
        }
    }

    private static long? Available()
    {
        const string Field = "MemAvailable:";
        try
        {
            var line = RegularFile.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
            return line is not null && long.TryParse(line[Field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes << 10 : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
