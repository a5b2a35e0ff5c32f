namespace Bee.Ebpf;

/// <summary>Short text for people, as tables show it. The same in every culture.</summary>
public static partial class FieldText
{
    /// <summary>A length of time in its best unit, at most one digit behind the point: <c>812ns</c>, <c>1.2ms</c>, <c>3.4s</c>, <c>2h 5m</c>.</summary>
    /// <param name="nanoseconds">The length of time.</param>
    /// <returns>At most 8 characters for anything below a year.</returns>
    public static string Duration(ulong nanoseconds) => throw new NotImplementedException();

    /// <summary>A size in its best unit of 1024, at most one digit behind the point: <c>17B</c>, <c>1.5KiB</c>.</summary>
    /// <param name="bytes">The size in bytes.</param>
    /// <returns>At most 9 characters.</returns>
    public static string ByteSize(ulong bytes) => throw new NotImplementedException();

    /// <summary>A number in hex with 0x in front, without leading zeros.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The text.</returns>
    public static string Hex(ulong value) => throw new NotImplementedException();

    /// <summary>The time of day to the millisecond.</summary>
    /// <param name="moment">The moment.</param>
    /// <returns><c>HH:mm:ss.fff</c>, 12 characters.</returns>
    public static string TimeOfDay(DateTime moment) => throw new NotImplementedException();

    /// <summary>A user's name, from this machine's user database.</summary>
    /// <param name="id">The user's number.</param>
    /// <returns>The name, or the number where there is none.</returns>
    public static string UserName(uint id) => throw new NotImplementedException();

    /// <summary>A group's name, from this machine's group database.</summary>
    /// <param name="id">The group's number.</param>
    /// <returns>The name, or the number where there is none.</returns>
    public static string GroupName(uint id) => throw new NotImplementedException();

    /// <summary>A system call's name on this machine's architecture.</summary>
    /// <param name="number">The call's number.</param>
    /// <returns>The name, or the number where it is not known.</returns>
    public static string SyscallName(int number) => throw new NotImplementedException();
}
