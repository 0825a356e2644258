import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Hashtable;
import java.util.TreeSet;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

// Resolve SERVER host|a|aaaa|srv NAME prints what Java makes of it, a line a record, sorted. `host` asks InetAddress, the
// others JNDI's DNS provider.
final class Resolve {
  public static void main(String[] arguments) throws Exception {
    TreeSet<String> lines = new TreeSet<>();
    try {
      if (arguments[1].equals("host")) {
        for (InetAddress address : InetAddress.getAllByName(arguments[2])) lines.add(address.getHostAddress());
      } else {
        askServer(arguments[0], arguments[1], arguments[2], lines);
      }
    } catch (UnknownHostException | NameNotFoundException absent) {
      lines.add("not found");
    }
    for (String line : lines) System.out.println(line);
  }

  private static void askServer(String server, String type, String name, TreeSet<String> lines) throws Exception {
    Hashtable<String, String> settings = new Hashtable<>();
    settings.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
    settings.put(Context.PROVIDER_URL, "dns://" + server + "/");
    Attribute found = new InitialDirContext(settings).getAttributes(name, new String[] {type.toUpperCase()}).get(type);
    for (int i = 0; found != null && i < found.size(); i++) lines.add(found.get(i).toString());
  }
}
