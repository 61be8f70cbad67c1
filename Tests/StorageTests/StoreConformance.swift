// What every store must do, whatever it is made of. The tests stand by topic in `Conformance`.

import Testing

@Suite struct StoreConformance {}
